import { HadronError } from "@hadron/core";
import { type CallingSide, callThrough, createSystemClock, GivenValues, obeyInnerTime } from "@hadron/core/spi";
import { toJson } from "@hadron/resources/store";
import { Execution } from "../engine/execution.ts";
import { inWordsOf } from "../engine/recorded.ts";
import { fromErrorRecord } from "../log/errors.ts";
import type { Outcome } from "../log/events.ts";
import { type History, readHistory } from "../log/history.ts";
import { fromLogged } from "../log/values.ts";
import { createProgramHost } from "../owner/program-host.ts";

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
  /** The history has no end; what the program waits for, in words. */
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
  obeyInnerTime();
  const { log, chance, ended } = readHistory(history);
  const host = createReplayHost();
  const execution = new Execution({
    run,
    program: (input) => callThrough(host, () => program(input)),
    doorUrl: "",
    history: log,
    journal: { append: () => new Promise(() => {}) },
    clock: host.clock,
    nextTurn: (next) => host.clock.nextTurn(next),
    outside: (work) => work(),
    isRehearsal: true,
    chance,
  });
  execution.start();
  const stop = await execution.stopped;
  switch (stop.state) {
    case "ended":
      checkEnd(ended, stop.outcome);
      return toReplayed(stop.outcome);
    case "continued":
      return { state: "continued", input: fromLogged(stop.input) };
    case "rehearsed": {
      const awaits = stop.awaited.map(({ spec }) => inWordsOf(spec));
      if (ended !== undefined) throw differs(inEnd(ended), `${awaits.join(", ")}, for which it waits`);
      return { state: "open", awaits };
    }
    case "paused":
      throw new HadronError("FAILED_PRECONDITION", stop.because.message);
    case "dropped":
      throw stop.because;
    case "short":
      throw new HadronError("INTERNAL", "The history was read in part.");
  }
}

function toReplayed(outcome: Outcome): Replayed {
  if ("error" in outcome) return { state: "failed", error: fromErrorRecord(outcome.error) };
  return { state: "ended", value: fromLogged(outcome.ok) };
}

/** Compared as JSON shows them, which is all that a history from a file has. */
function checkEnd(expected: Outcome | undefined, came: Outcome): void {
  if (expected === undefined) throw differs("no end", inEnd(came));
  if (inEnd(expected) !== inEnd(came)) throw differs(inEnd(expected), inEnd(came));
}

function differs(expected: string, came: string): HadronError {
  return new HadronError(
    "FAILED_PRECONDITION",
    `The program does not come to what its history says: that has ${expected}, the program came to ${came}.`,
  );
}

function inEnd(outcome: Outcome): string {
  if ("error" in outcome) return `an end by ${outcome.error.name}: ${outcome.error.message}`;
  return `an end with ${toJson(fromLogged(outcome.ok))}`;
}

/** There is nobody to call: what a program asks for is in its history. */
function createReplayHost(): CallingSide {
  const nobody = () => Promise.reject(new HadronError("UNAVAILABLE", "A replay calls nobody."));
  return createProgramHost(
    {
      self: { app: "replay", service: "replay", replica: undefined, topology: "" },
      clock: createSystemClock(),
      app: undefined,
      given: new GivenValues(),
      log: undefined,
      onClose: () => {},
      count: () => 0,
      call: nobody,
      address: nobody,
    },
    { isDurable: () => false, begin: nobody },
  );
}
