import { type Clock, HadronError } from "@hadron/core";
import { toErrorRecord } from "../log/errors.ts";
import type { LogEvent, Outcome } from "../log/events.ts";
import type { Pending } from "./command.ts";
import type { Divergence } from "./divergence.ts";
import type { Journal } from "./writing.ts";

export interface ExecutionOptions {
  /** Names the run among all of its app, e.g. `order/7`: what keys begin with. */
  readonly run: string;
  readonly program: (input: any) => unknown;
  /** Where outside callers find the program: a URL without a slash at its end; empty where nobody knows. */
  readonly doorUrl: string;
  /** The run's log so far; or its first events, and `more` gives those that follow. */
  readonly history: readonly LogEvent[];
  /** The events from one on; none: that was all. @default `history` is all of the log */
  readonly more?: (from: number) => Promise<readonly LogEvent[]>;
  /** All of its log as it is by now: so a line of its program is found once that is asked for. @default it is taken down at each command */
  readonly reread?: () => Promise<readonly LogEvent[]>;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Calls back in another turn of the event loop. */
  nextTurn(run: () => void): void;
  /** Runs a step's function where it may do as it likes. */
  outside<T>(work: () => T): T;
  /** Something has changed that `rest` may tell. @default nobody wants to know */
  readonly changed?: () => void;
  /** Its log is gone through, and no further: nothing is done, nothing is written. @default false */
  readonly isRehearsal?: boolean;
  /** What chance is drawn from. @default what the log says */
  readonly chance?: string;
  /** The command whose line is asked for. @default no line is taken down in a replay */
  readonly traced?: number;
}

/** How an execution of a run in this process came to its end. */
export type Stop =
  | { readonly state: "ended"; readonly outcome: Outcome }
  /** A person has to look. `kept`: what its log is to say of it, so that it goes on once it is resumed. */
  | { readonly state: "paused"; readonly because: Divergence; readonly kept: readonly LogEvent[] }
  /** It begins anew with this input. */
  | { readonly state: "continued"; readonly input: Uint8Array }
  /** Of a rehearsal: the log has been gone through, and this is what the program waits for. */
  | { readonly state: "rehearsed"; readonly awaited: readonly Pending[] }
  /** It asks for what may be in the log, further on than was read: it has to begin anew, and be given all of its log. */
  | { readonly state: "short" }
  /** Not known to be owned any more: it goes on from its log, wherever that is. */
  | { readonly state: "dropped"; readonly because: unknown };

/** A person has to look; whoever resumes the run has looked, and the step is done again. */
export function toDoubt({ number, key }: Pending, attempt: number, at: number): Stop {
  const message = `Whether ${key} was done is not known: its process ended meanwhile. Look at what it calls, then resume the run, which does it again.`;
  const error = toErrorRecord(new HadronError("ABORTED", message));
  return {
    state: "paused",
    because: { kind: "doubt", command: number, message },
    kept: [{ type: "failed", at, command: number, attempt, error, retryAt: at }],
  };
}
