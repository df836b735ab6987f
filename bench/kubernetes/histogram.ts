/** The histogram on a cluster: what our command makes, and the same by the tools that are there without us. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openHost } from "@hadron/core/cli/shared";
import type { RunContext } from "@hadron/core/spi";
import { endEsbuild } from "../../packages/runners/src/bundle/index.ts";
import { Api } from "../../packages/runners/src/kubernetes/api/api.ts";
import { findTarget } from "../../packages/runners/src/kubernetes/api/kube-config.ts";
import { createRunner } from "../../packages/runners/src/kubernetes/index.ts";
import { pathOf } from "../../packages/runners/src/kubernetes/objects/objects.ts";
import { buildApp, pushBuild } from "../../packages/runners/src/kubernetes/plan/build.ts";
import { readSettings } from "../../packages/runners/src/kubernetes/plan/settings.ts";
import { toProgram } from "../../packages/runners/src/suite.ts";

const context: RunContext = { signal: new AbortController().signal, progress: { step() {}, note() {} } };
const root = join(import.meta.dirname, "../..");
const app = "histogram";

/** An app of the histogram's code in a namespace of its own. Removed with all that it made when it is disposed of. */
export class Histogram implements AsyncDisposable {
  readonly namespace: string;
  readonly file: string;
  readonly folder: string;
  readonly #api: Api;
  #version = Math.floor(Math.random() * 1e6);

  private constructor(namespace: string, folder: string) {
    this.namespace = namespace;
    this.folder = folder;
    this.file = join(folder, "histogram.ts");
    this.#api = new Api(findTarget({ env: process.env, context: undefined, namespace }));
  }

  static async make(what: string): Promise<Histogram> {
    // Among the examples, so that it finds the packages that it imports.
    const folder = await mkdtemp(join(root, "examples/.bench-"));
    const made = new Histogram(`hadron-bench-${what}-${randomBytes(3).toString("hex")}`, folder);
    await made.#ask("POST", "/api/v1/namespaces", { metadata: { name: made.namespace } });
    await made.change();
    return made;
  }

  /** Changes a line of the app's code. */
  async change(): Promise<void> {
    const source = await readFile(join(root, "examples/histogram.ts"), "utf8");
    const changed = source.replace("gaussian(100, 25)", `gaussian(100, ${25 + ++this.#version / 1e9})`);
    if (changed === source) throw new Error("examples/histogram.ts has no line gaussian(100, 25) to change.");
    await writeFile(this.file, changed);
  }

  /** Types one of our commands, and times the whole process. */
  type(...words: readonly string[]): Promise<Done> {
    return run(process.execPath, [
      "--import",
      "tsx",
      this.file,
      ...words,
      "--runner=kubernetes",
      `--namespace=${this.namespace}`,
    ]);
  }

  /** Writes what `export` prints to a file, for other tools. */
  async manifests(): Promise<string> {
    const path = join(this.folder, "manifests.yaml");
    await writeFile(path, (await this.type("export")).stdout);
    return path;
  }

  kubectl(...words: readonly string[]): Promise<Done> {
    return run("kubectl", ["-n", this.namespace, ...words]);
  }

  script(name: string, ...words: readonly string[]): Promise<Done> {
    return run(process.execPath, ["--import", "tsx", join(import.meta.dirname, `${name}.script.ts`), ...words]);
  }

  /** Builds and pushes the image as our commands do. */
  async build(): Promise<void> {
    const settings = readSettings({ flags: {}, env: process.env, explicitApp: false });
    const { histogram } = await import(join(root, "examples/histogram.ts"));
    const program = toProgram(this.file, app, [histogram]);
    const build = await buildApp(program, settings, async () => undefined, context.signal);
    await pushBuild(build, settings, { signal: context.signal, step() {} });
  }

  /** Asks the running histogram once. */
  async call(): Promise<void> {
    const runner = createRunner({ flags: { namespace: this.namespace }, explicitApp: false, env: process.env });
    await using connected = await runner.connect(app, context);
    const host = await openHost(app, connected.directory);
    try {
      const answer = await host.call("histogram-service", "histogram-service", undefined, { timeoutMs: 30_000 });
      if (!Array.isArray(answer)) throw new Error(`The histogram answered ${JSON.stringify(answer)}.`);
    } finally {
      host.close();
    }
  }

  /** Waits until no pod is left in the namespace. */
  async gone(): Promise<void> {
    while ((await this.#ask("GET", pathOf("Pod", this.namespace))).items.length > 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async clear(): Promise<void> {
    await this.type("delete");
    await this.gone();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ask("DELETE", `/api/v1/namespaces/${this.namespace}`);
    this.#api.close();
    await rm(this.folder, { recursive: true, force: true });
    await endEsbuild();
  }

  #ask(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<any> {
    return this.#api.json({
      method,
      path,
      what: `${method} ${path}`,
      signal: context.signal,
      ...(body === undefined ? {} : { body }),
    });
  }
}

export interface Done {
  readonly ms: number;
  readonly stdout: string;
}

/** Runs a command, and times the whole process. */
export async function run(command: string, words: readonly string[], cwd = root): Promise<Done> {
  const startedAt = performance.now();
  const child = spawn(command, words, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const status = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  const ms = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${command} ${words.join(" ")} ended with ${status}:\n${stderr}`);
  return { ms, stdout };
}

/** How long some work takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
