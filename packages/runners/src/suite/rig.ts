import { fileURLToPath } from "node:url";
import { openHost } from "@hadron/core/cli/shared";
import type { AppStatus, Program, RunContext, Runner, ServiceStatus } from "@hadron/core/spi";
import { toProgram } from "./to-program.ts";

/** What a runner is, to the suite. */
export interface RunnerSuite {
  /** Makes a runner, as another process would have it: the suite makes several. `env`: what the deploying side has. */
  readonly createRunner: (env: Readonly<Record<string, string | undefined>>) => Runner | Promise<Runner>;
  /** An app's name that nothing else uses. @default hadron-suite-PID */
  readonly app?: string;
  /** The suite is skipped, for this reason. */
  readonly skip?: string | undefined;
  /** Whether an exposed service has an address that this machine can call, beside `connect`. @default true */
  readonly endpoints?: boolean;
  /** Whether an endpoint that asked for no port may move when its replica is replaced. @default false */
  readonly endpointsMove?: boolean;
  /** Whether `delete` keeps data already. @default true */
  readonly keepsData?: boolean;
  /** How long one verb may take. @default 120 000 */
  readonly timeoutMs?: number;
}

export const SECRET = "s3cret of the suite";
const QUIET = { step() {}, note() {} };

/** Two runners that share nothing but the world, the apps that they deploy, and ways to call them. */
export class Rig {
  readonly name: string;
  readonly suite: RunnerSuite;
  readonly app: string;
  readonly endpoints: boolean;
  readonly context: RunContext;
  readonly #stop = new AbortController();
  #made: Made | undefined;

  constructor(name: string, suite: RunnerSuite) {
    this.name = name;
    this.suite = suite;
    this.app = suite.app ?? `hadron-suite-${process.pid}`;
    this.endpoints = suite.endpoints ?? true;
    this.context = { signal: this.#stop.signal, progress: QUIET };
  }

  async open(): Promise<void> {
    const env = { ...process.env, GREETER_SECRET: SECRET, NOT_DECLARED: "x" };
    const { createRunner } = this.suite;
    const [runner, other, program, next, notes, late] = await Promise.all([
      createRunner(env),
      createRunner(env),
      this.#load("greeter.ts", ["front", "back"]),
      this.#load("greeter-next.ts", ["front", "back"]),
      this.#load("notes.ts", ["book"]),
      this.#load("late.ts", ["late"]),
    ]);
    this.#made = { runner, other, program, next, notes, late };
    await runner.delete(this.app, { data: true }, this.context);
  }

  async close(): Promise<void> {
    await this.#made?.runner.delete(this.app, { data: true }, this.context);
    this.#stop.abort();
  }

  get runner(): Runner {
    return this.#all.runner;
  }

  /** Shares nothing with the first but the world. */
  get other(): Runner {
    return this.#all.other;
  }

  /** The app as it is first. */
  get program(): Program {
    return this.#all.program;
  }

  /** The same of the next version. */
  get next(): Program {
    return this.#all.next;
  }

  /** One that stores. */
  get notes(): Program {
    return this.#all.notes;
  }

  /** One that takes its time to start. */
  get late(): Program {
    return this.#all.late;
  }

  /** Calls a procedure by a connection of its own, as a command does. */
  async call(service: string, procedure: string, input?: unknown, by: Runner = this.other): Promise<any> {
    return this.withOutput(service, procedure, input, by, async (output) => output);
  }

  /** The same, for a stream: its connection lasts until `use` is done. */
  async withOutput<T>(
    service: string,
    procedure: string,
    input: unknown,
    by: Runner,
    use: (output: any) => Promise<T>,
  ): Promise<T> {
    await using connected = await by.connect(this.app, this.context);
    const host = await openHost(this.app, connected.directory);
    try {
      return await use(await host.call(service, procedure, input, { timeoutMs: 20_000 }));
    } finally {
      host.close();
    }
  }

  /** Calls all the time while `work` goes on, and returns what was answered. One failed call fails it. */
  async callingDuring(service: string, procedure: string, work: () => Promise<unknown>): Promise<unknown[]> {
    await using connected = await this.other.connect(this.app, this.context);
    const host = await openHost(this.app, connected.directory);
    const answers: unknown[] = [];
    let going = true;
    const caller = async () => {
      while (going) answers.push(await host.call(service, procedure, undefined, { timeoutMs: 20_000 }));
    };
    const callers = Promise.all([caller(), caller(), caller()]);
    try {
      await Promise.race([work(), callers]);
      going = false;
      await callers;
    } finally {
      going = false;
      await callers.catch(() => {});
      host.close();
    }
    return answers;
  }

  /** How many calls a service has taken, by its status. */
  async callsOf(service: string): Promise<number> {
    const { replicas } = serviceOf(await this.runner.status(this.app, this.context), service);
    return replicas.reduce((sum, { calls }) => sum + (calls ?? 0), 0);
  }

  get #all(): Made {
    if (this.#made === undefined) throw new Error("the suite has not been opened");
    return this.#made;
  }

  async #load(file: string, services: readonly string[]): Promise<Program> {
    const entry = fileURLToPath(new URL(`../../test/fixtures/${file}`, import.meta.url));
    const loaded = await import(entry);
    const values = services.map((service) => loaded[service]);
    return toProgram(entry, this.app, values, { GREETER_SECRET: SECRET });
  }
}

interface Made {
  readonly runner: Runner;
  readonly other: Runner;
  readonly program: Program;
  readonly next: Program;
  readonly notes: Program;
  readonly late: Program;
}

export function serviceOf({ services }: AppStatus, name: string): ServiceStatus {
  const found = services.find((service) => service.name === name);
  if (found === undefined) throw new Error(`there is no service ${name} in the status`);
  return found;
}

export function names(status: AppStatus): readonly string[] {
  return status.services.flatMap(({ replicas }) => replicas.map((replica) => replica.name)).sort();
}

/** The states that replicas are in, each once. */
export function states(status: AppStatus): readonly string[] {
  return [...new Set(status.services.flatMap(({ replicas }) => replicas.map(({ state }) => state)))];
}
