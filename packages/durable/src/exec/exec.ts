import { HadronError } from "@hadron/core";
import { outsideTime } from "../program/outside-time.ts";
import { type StepOptions, step } from "../program/step.ts";
import { type ExecResult, runProgram } from "./run-program.ts";

/** Of one attempt, where nobody said. */
const TIMEOUT_MS = 600_000;

/** How a program is run. */
export interface ExecOptions extends StepOptions {
  /** How often it is run in all, where its exit status is not 0: the last result is given, whatever it is. @default 1 */
  readonly attempts?: number;
  /** Of one attempt, in milliseconds: then it is ended, with SIGTERM, and after 5 s with SIGKILL. @default 600 000 */
  readonly timeoutMs?: number;
  /** @default the folder of the replica */
  readonly cwd?: string;
  /** Variables beside the replica's own. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** @default empty */
  readonly stdin?: string | Uint8Array;
}

/**
 * Runs a program on the machine of the replica, as a step: at least once, and its exit status and output are kept exactly once.
 * Of its output 1 MiB is kept, and `truncated` says where there was more. `HADRON_KEY` in its environment is the step's
 * key, the same in all attempts, `HADRON_ATTEMPT` the number of this one.
 *
 * It ends with its attempt: where that is cancelled, or its time is over, the program and what it started is ended.
 * FAILED_PRECONDITION where the program is not there, DEADLINE_EXCEEDED where its time runs out.
 *
 * @example
 * const { status, stdout } = await exec("dump", ["pg_dump", "shop"], { attempts: 3, timeoutMs: 3_600_000 });
 */
export function exec(name: string, command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const { attempts = 1, timeoutMs = TIMEOUT_MS, backoffMs, onDoubt, cwd, env, stdin } = options;
  if (!Array.isArray(command) || command.length === 0 || command.some((word) => typeof word !== "string")) {
    throw new HadronError("WRONG_USE", `exec("${name}", command): the command is a list of texts, the program first.`);
  }
  return step(
    name,
    async ({ signal, attempt, key }) => {
      const run = runProgram(command, {
        cwd,
        env: { HADRON_KEY: key, HADRON_ATTEMPT: String(attempt), ...env },
        stdin,
        signal,
      });
      const result = await outsideTime(run);
      if (result.status === 0 || attempt >= attempts) return result;
      const why = result.status === null ? `was ended by ${result.signal}` : `ended with status ${result.status}`;
      throw new Error(`${command[0]} ${why}: ${result.stderr.trim().slice(-500)}`);
    },
    {
      attempts,
      timeoutMs,
      ...(backoffMs === undefined ? {} : { backoffMs }),
      ...(onDoubt === undefined ? {} : { onDoubt }),
    },
  );
}
