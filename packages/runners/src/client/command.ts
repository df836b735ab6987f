import type { Output, OwnProcess, Runners, Stdin, Terminal } from "@hadron/core/cli/shared";

/** What the command works with. Each has the process's own as its default. */
export interface ClientLine {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdout?: Output;
  readonly stderr?: Output;
  readonly stdin?: Stdin;
  readonly process?: OwnProcess;
  /** What was typed to start it, for help. @default npx hadron */
  readonly command?: string;
  /** @default the working directory */
  readonly cwd?: string;
}

/** The command line of the client, read and checked. */
export interface ClientCommand {
  /** `[SERVICE] [PROCEDURE] [INPUT]`. */
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  /** Those of them that are runners' own. */
  readonly runnerFlags: Readonly<Record<string, string>>;
  readonly runners: Runners;
  readonly json: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Stdin;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}
