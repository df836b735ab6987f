import { HadronError, isHadronError } from "@hadron/core";
import type { Attempt } from "../engine/command.ts";
import { frameFor } from "../engine/frame.ts";

/** How a step is tried again. */
export interface StepOptions {
  /** How often it is tried in all, where it throws. @default 1 */
  readonly attempts?: number;
  /** Of one attempt, in milliseconds. @default 60 000 */
  readonly timeoutMs?: number;
  /** Before the second attempt, in milliseconds; doubled for each later one, up to a minute. @default 1000 */
  readonly backoffMs?: number;
  /**
   * Where a process ended while it was at work, so that nobody knows what it did: try it again, pause the run until a person
   * resumes it, or have it fail with ABORTED. @default "retry"
   */
  readonly onDoubt?: "retry" | "ask" | "fail";
}

/**
 * Does something outside, at least once, and keeps its result exactly once: a replay gives what was kept. What it throws
 * in its last attempt is kept, and thrown, too. `key` is the same in all attempts: give it to whom it calls.
 *
 * INVALID_OUTPUT where its result cannot be kept, TOO_LARGE above 1 MiB, DEADLINE_EXCEEDED where its time runs out.
 *
 * @example
 * const paid = await step("charge", ({ key, signal }) => charge(order, key, signal), { attempts: 5, timeoutMs: 10_000 });
 */
export function step<T>(
  name: string,
  work: (attempt: Attempt) => T | Promise<T>,
  options: StepOptions = {},
): Promise<T> {
  const { attempts = 1, timeoutMs = 60_000, backoffMs = 1000, onDoubt = "retry" } = options;
  const frame = frameFor(`step("${name}")`);
  if (typeof name !== "string" || name === "")
    throw new HadronError("WRONG_USE", "step(name, work): the name is empty.");
  if (typeof work !== "function") throw new HadronError("WRONG_USE", `step("${name}"): its work is no function.`);
  if (!(Number.isInteger(attempts) && attempts >= 1)) {
    throw new HadronError(
      "WRONG_USE",
      `step("${name}"): attempts is ${attempts}, and should be a whole number from 1.`,
    );
  }
  const spec = {
    kind: "step",
    name,
    work: { attempts, timeoutMs, backoffMs, onDoubt, retries: mayBeTriedAgain, do: work, isBegun: false },
  } as const;
  return frame.execution.command(spec, frame.isShielded) as Promise<T>;
}

/** All, but what says of itself that it would fail again. */
function mayBeTriedAgain(error: unknown): boolean {
  if (!isHadronError(error)) return true;
  return error.retryable || ["HANDLER_FAILED", "DEADLINE_EXCEEDED", "INTERNAL"].includes(error.code);
}
