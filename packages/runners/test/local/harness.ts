import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openHost } from "@hadron/core/cli/shared";
import type { Applied, Program, RunContext, Runner } from "@hadron/core/spi";
import { resolvePaths } from "../../src/local/folder/paths.ts";
import { systemClock } from "../../src/local/replica/restart-policy.ts";
import { LocalRunner, type LocalRunnerOptions } from "../../src/local/runner.ts";

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/** A user's folders of their own, so that tests do not meet. */
export class Home implements AsyncDisposable {
  readonly path: string;
  readonly stop = new AbortController();
  readonly context: RunContext = { signal: this.stop.signal, progress: { step() {}, note() {} } };
  readonly #applied: Applied[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Home> {
    return new Home(await realpath(await mkdtemp(join(tmpdir(), "hl-"))));
  }

  get folders(): Record<string, string> {
    return { HOME: this.path, XDG_RUNTIME_DIR: this.path, XDG_CACHE_HOME: join(this.path, "cache") };
  }

  get env(): Record<string, string> {
    return { ...(process.env as Record<string, string>), ...this.folders };
  }

  runner(options: Partial<LocalRunnerOptions> = {}): LocalRunner {
    return new LocalRunner({
      paths: resolvePaths(this.env),
      env: this.env,
      clock: systemClock,
      startTimeoutMs: 30_000,
      entry: undefined,
      dataDir: join(this.path, "data"),
      inspect: undefined,
      ...options,
    });
  }

  /** Applies, and ends it with the test. */
  async apply(runner: Runner, program: Program): Promise<Applied> {
    const applied = await runner.apply(program, this.context);
    this.#applied.push(applied);
    return applied;
  }

  async call(runner: Runner, app: string, service: string, procedure: string, input?: unknown): Promise<any> {
    await using connected = await runner.connect(app, this.context);
    const host = await openHost(app, connected.directory);
    try {
      return await host.call(service, procedure, input, { timeoutMs: 15_000 });
    } finally {
      host.close();
    }
  }

  /** What is in the runtime folder. */
  async left(): Promise<readonly string[]> {
    return readdir(join(this.path, "hadron")).catch(() => []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { attached } of this.#applied) await attached?.[Symbol.asyncDispose]();
    this.stop.abort();
    await rm(this.path, { recursive: true, force: true });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
