import { EventEmitter } from "node:events";
import { runCommandLine } from "../../src/cli/index.ts";
import { installedRunners, type Runners } from "../../src/cli/runners/runners.ts";
import type { RunOptions } from "../../src/index.ts";
import type {
  AppData,
  AppStatus,
  Change,
  LogLine,
  Program,
  Runner,
  RunnerFlag,
  RunnerModule,
} from "../../src/runner.ts";

/** A runner whose world is what a test says, so that the command line can be looked at alone. */
export class FakeRunner implements Runner {
  readonly name: string;
  readonly asked: string[] = [];
  applied: Program | undefined;
  state: AppStatus;
  changes: readonly Change[] = [];
  lines: readonly LogLine[] = [];
  /** What comes while logs are followed. */
  later: readonly LogLine[] = [];
  left: readonly string[] = [];
  kept: readonly AppData[] = [];
  /** Present: the deployment ends with the command. */
  ended: Promise<string> | undefined;
  disposed = false;
  /** What a verb waits for before it fails or goes on. */
  work: (signal: AbortSignal) => Promise<void> = async () => {};

  constructor(name = "local") {
    this.name = name;
    this.state = { app: "sample", runner: name, revision: null, services: [] };
  }

  async plan() {
    return { changes: this.changes };
  }
  async apply(program: Program, { signal, progress }: Parameters<Runner["apply"]>[1]) {
    this.applied = program;
    progress.step("bundle", "building");
    progress.step("replicas", "1 of 1 ready");
    await this.work(signal);
    const { ended, state: status, changes } = this;
    if (ended === undefined) return { status, changes };
    const dispose = async () => {
      this.disposed = true;
    };
    return { status, changes, attached: { ended, [Symbol.asyncDispose]: dispose } };
  }
  async status() {
    return this.state;
  }
  async *logs(_: string, options: Parameters<Runner["logs"]>[1], { signal }: Parameters<Runner["logs"]>[2]) {
    this.asked.push(`logs ${options.service} ${options.follow}`);
    yield* this.lines;
    if (!options.follow) return;
    yield* this.later;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  }
  async scale(app: string, service: string, replicas: number) {
    this.asked.push(`scale ${app} ${service} ${replicas}`);
  }
  async connect(): Promise<never> {
    throw new Error("a fake runner has nothing to connect to");
  }
  async delete(app: string, { data }: Parameters<Runner["delete"]>[1], { waitMs }: Parameters<Runner["delete"]>[2]) {
    this.asked.push(`delete ${app} data=${data} wait=${waitMs}`);
    return { left: this.left, kept: data ? [] : this.kept };
  }
  async data() {
    return this.kept;
  }
  async list() {
    return [];
  }
  async export() {
    return "services: {}\n";
  }
}

/** An output that is kept. */
export class Kept extends EventEmitter {
  text = "";
  isTTY = false;
  columns = 80;
  write(text: string): boolean {
    this.text += text;
    this.emit("text");
    return true;
  }
  /** Resolves when the text has this in it. */
  async has(part: string): Promise<void> {
    while (!this.text.includes(part)) await new Promise((resolve) => this.once("text", resolve));
  }
}

/** The process, as far as the command line touches it. */
export class FakeProcess extends EventEmitter {
  exitCode: number | string | null | undefined;
  exited: number | undefined;
  exit(status: number): void {
    this.exited = status;
  }
}

/** Runners that are called as those of the repository are. */
function fakeRunners(create: (name: string) => RunnerModule): Runners {
  const installed = installedRunners();
  const load = async (name: string) => {
    await installed.places(name); // It refuses what there is not.
    return create(name);
  };
  return { names: installed.names, has: installed.has, places: load, load };
}

export interface Typed {
  readonly services: readonly unknown[];
  readonly options?: RunOptions;
  readonly argv: readonly string[];
  readonly runner?: FakeRunner;
  readonly flags?: readonly RunnerFlag[];
  readonly env?: Readonly<Record<string, string>>;
  /** null: nothing is ever typed. @default "" */
  readonly stdin?: string | null;
  readonly entry?: string;
  readonly screen?: boolean;
  /** @default 80 */
  readonly columns?: number;
  readonly cwd?: string;
  readonly problem?: Parameters<typeof runCommandLine>[0]["problem"];
}

/** Starts a command line in this process. */
export function type({ services, argv, runner = new FakeRunner(), flags = [], env = {}, stdin = "", ...rest }: Typed) {
  const [stdout, stderr, own] = [new Kept(), new Kept(), new FakeProcess()];
  stdout.columns = rest.columns ?? 80;
  stdout.isTTY = stderr.isTTY = rest.screen ?? false;
  const given: { runner: string; flags: Readonly<Record<string, string>>; explicitApp: boolean }[] = [];
  const status = runCommandLine({
    entry: rest.entry ?? "/apps/sample.ts",
    services,
    options: rest.options ?? {},
    runCall: 1,
    argv,
    env,
    stdout,
    stderr,
    stdin: (async function* () {
      if (stdin === null) await new Promise(() => {});
      yield stdin ?? "";
    })(),
    cwd: rest.cwd ?? "/nowhere",
    process: own,
    runners: fakeRunners((name) => ({
      summary: `what a test says of ${name}`,
      provides: name === "local" ? ["storage", "tls"] : ["storage", "containers"],
      endsWithCommand: name === "local",
      answers: () => "always",
      flags: name === "local" ? [] : flags,
      createRunner: (options) => {
        given.push({ runner: name, flags: options.flags, explicitApp: options.explicitApp });
        return runner;
      },
    })),
    ...(rest.problem === undefined ? {} : { problem: rest.problem }),
  });
  return { status, stdout, stderr, own, runner, given };
}

/** Runs a command line to its end. */
export async function enter(typed: Typed) {
  const { status, stdout, stderr, own, runner, given } = type(typed);
  return { status: await status, out: stdout.text, err: stderr.text, own, runner, given };
}
