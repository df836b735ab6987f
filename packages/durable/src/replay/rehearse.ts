import { HadronError } from "@hadron/core";
import { type CallingSide, callThrough, createSystemClock, GivenValues, obeyInnerTime } from "@hadron/core/spi";
import { toJson } from "@hadron/resources/store";
import type { Difference } from "../engine/divergence.ts";
import { Execution } from "../engine/execution.ts";
import { inWordsOf } from "../engine/recorded.ts";
import type { Outcome } from "../log/events.ts";
import type { ReadHistory } from "../log/history.ts";
import { fromLogged } from "../log/values.ts";
import { createProgramHost } from "../owner/program-host.ts";
import type { Program } from "./program-of.ts";

/** What a program comes to by a history. */
export type Rehearsed =
  /** To its end; where the history has one, to that. */
  | { readonly state: "ended"; readonly outcome: Outcome }
  /** The history has no end, or one that is not the program's: somebody killed it. What the program waits for, in words. */
  | { readonly state: "open"; readonly awaits: readonly string[] }
  /** It begins anew there, with this input. */
  | { readonly state: "continued"; readonly input: Uint8Array }
  | Differing;

/** It goes another way, or to another end. */
export interface Differing {
  readonly state: "differs";
  readonly difference: Difference;
  /** The number of the event that it should have come to. */
  readonly n: number;
  /** Who was to say it, in a sentence. */
  readonly message: string;
}

/**
 * Runs a program by the history of a run, and does nothing of what it asks for.
 *
 * @param run The name of the service and the id, of which its steps' keys are made.
 */
export async function rehearse(history: ReadHistory, program: Program, run: string): Promise<Rehearsed> {
  obeyInnerTime();
  const { log, chance, ended } = history;
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
  const end = ended === undefined ? undefined : inEnd(ended);
  switch (stop.state) {
    case "ended": {
      const came = inEnd(stop.outcome);
      return end === undefined || end === came
        ? { state: "ended", outcome: stop.outcome }
        : differs(history, end, came);
    }
    case "continued":
      return end === undefined ? stop : differs(history, end, "a beginning anew");
    case "rehearsed": {
      const awaits = stop.awaited.map(({ spec }) => inWordsOf(spec));
      if (end !== undefined && !isCutOff(ended)) {
        return differs(history, end, `${awaits.join(", ")}, for which it waits`);
      }
      return { state: "open", awaits };
    }
    case "paused": {
      const { command, message, difference } = stop.because;
      if (difference === undefined) throw new HadronError("INTERNAL", message);
      const n = log.findIndex((event) => event.type === "called" && event.command === command);
      return { state: "differs", difference, n: history.first + (n === -1 ? log.length : n), message };
    }
    case "short":
      throw new HadronError("INTERNAL", "The history was read in part.");
    case "dropped":
      throw stop.because;
  }
}

/** The program does not come to what its history says. */
export function differs({ first, log }: ReadHistory, expected: string, came: string): Differing {
  const message = `The program does not come to what its history says: that has ${expected}, the program came to ${came}.`;
  return { state: "differs", difference: { expected, came, where: undefined }, n: first + log.length, message };
}

/** Whether somebody ended the run before its program did: by a kill, or because its time to tidy up was over. */
function isCutOff(ended: Outcome | undefined): boolean {
  return ended !== undefined && "error" in ended && ended.error.code === "CANCELLED";
}

/** Ends are compared as JSON shows them, which is all that a history from a file has. */
export function inEnd(outcome: Outcome): string {
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
