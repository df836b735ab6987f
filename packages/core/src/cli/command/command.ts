import type { App } from "../../describe/compose/app.ts";
import type { Change, Program, RunContext, Runner, RunnerModule } from "../../runner.ts";
import type { Stopping } from "../process/stopping.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Env } from "./env.ts";
import type { Stdin } from "./input.ts";

/** What a verb of an app file works with: the command line, read and checked. */
export interface Command {
  readonly app: App;
  readonly entry: string;
  readonly env: Env;
  /** Where the user is: decides what to suggest. */
  readonly cwd: string;
  /** The words behind the verb. */
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly stdin: Stdin;
  readonly stopping: Stopping;
  /** Its progress is shown, unless the verb is quiet. */
  readonly context: RunContext;
  /** The runner's module, loaded. Fails where it is not installed. */
  module(): Promise<RunnerModule>;
  /** The runner, made. */
  runner(): Promise<Runner>;
  /** What the runner is given. `needsSecrets`: it will start replicas. */
  program(needsSecrets: boolean): Promise<Program>;
  /** What becomes of captured values, once the runner has asked for them. */
  captured(): readonly Change[];
  /** Takes what progress shows from the screen. */
  progressDone(): void;
}

/** Runs a verb. Returns the exit status: 0 done, 1 failed. */
export type RunVerb = (command: Command) => Promise<number>;
