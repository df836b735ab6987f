import { HadronError } from "@hadron/core";
import { fromErrorRecord } from "../log/errors.ts";
import type { Outcome } from "../log/events.ts";
import { type History, readHistory } from "../log/history.ts";
import { fromLogged } from "../log/values.ts";
import { differs, inEnd, rehearse } from "../replay/rehearse.ts";

export interface ReplayOptions {
  /** The name of the service and the id, of which its steps' keys are made. @default "replay/1" */
  readonly run?: string;
}

/** What a program comes to by a history. */
export type Replayed =
  | { readonly state: "ended"; readonly value: unknown }
  | { readonly state: "failed"; readonly error: Error }
  /** It began anew there, with this input. */
  | { readonly state: "continued"; readonly input: unknown }
  /** The history has no end, or one that is not the program's: somebody killed it. What the program waits for, in words. */
  | { readonly state: "open"; readonly awaits: readonly string[] };

/**
 * Runs a program by the history of a run, and does nothing of what it asks for: steps, calls and sleeps give what they gave then. So a
 * changed program is tried on what happened in production.
 *
 * FAILED_PRECONDITION where it does not do what the history says: the message says what was expected, what came, and in which line; also
 * where it comes to another end. INVALID_INPUT where that is no history.
 *
 * @param history Events of `handle.events()`, or lines of `runs ID events`, parsed: what JSON cannot hold (a `Date`, a `bigint`) the
 * program then gets as JSON shows it.
 * @param program The function that is given to `durable`.
 * @example
 * const lines = readFileSync("order-7.jsonl", "utf8").trim().split("\n");
 * await replay(lines.map((line) => JSON.parse(line)), orderProgram);
 */
export async function replay(
  history: History,
  program: (input: any) => unknown,
  { run = "replay/1" }: ReplayOptions = {},
): Promise<Replayed> {
  const read = readHistory(history);
  const rehearsed = await rehearse(read, program, run);
  switch (rehearsed.state) {
    case "open":
      return rehearsed;
    case "continued":
      return { state: "continued", input: fromLogged(rehearsed.input) };
    case "differs":
      throw new HadronError("FAILED_PRECONDITION", rehearsed.message);
    case "ended": {
      if (read.ended !== undefined) return toReplayed(rehearsed.outcome);
      const { message } = differs(read, "no end", inEnd(rehearsed.outcome));
      throw new HadronError("FAILED_PRECONDITION", message);
    }
  }
}

function toReplayed(outcome: Outcome): Replayed {
  if ("error" in outcome) return { state: "failed", error: fromErrorRecord(outcome.error) };
  return { state: "ended", value: fromLogged(outcome.ok) };
}
