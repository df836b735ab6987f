import { HadronError } from "@hadron/core";
import { ENGINE, type ErrorRecord, type LogEvent, type Outcome } from "./events.ts";
import type { ShownEvent, ShownOutcome } from "./shown.ts";
import { toLogged } from "./values.ts";

/** A run's events as they are shown; `at`, `until` and `retryAt` may be texts, as JSON has them. */
export type History = readonly (ShownEvent | ParsedEvent)[];

/** A line of `runs ID events`. */
export interface ParsedEvent {
  readonly n: number;
  readonly type: string;
  readonly at: string;
}

/** What a history says, for a replay. */
export interface ReadHistory {
  /** The number of its first event: not 0 where the run began anew. */
  readonly first: number;
  /** Without its end. */
  readonly log: readonly LogEvent[];
  readonly chance: string;
  readonly ended: Outcome | undefined;
}

/** INVALID_INPUT where that is no history of a run, from its start. */
export function readHistory(history: History): ReadHistory {
  const all = history as readonly ShownEvent[];
  // Who followed a run that began anew has its logs before as well.
  const events = all.slice(
    Math.max(
      0,
      all.findLastIndex(({ type }) => type === "started"),
    ),
  );
  const [first] = events;
  if (first?.type !== "started") {
    throw new HadronError(
      "INVALID_INPUT",
      "A history begins with the event of type started; give all events of a run.",
    );
  }
  const log: LogEvent[] = [];
  let ended: Outcome | undefined;
  for (const [n, event] of events.entries()) {
    if (event.n !== first.n + n) {
      throw new HadronError(
        "INVALID_INPUT",
        `A history has all events of a run: event ${first.n + n} is not there, or ${event.n} twice.`,
      );
    }
    if (event.type === "ended") ended = toOutcome(event);
    else log.push(toEvent(event));
  }
  return { first: first.n, log, chance: first.chance ?? "", ended };
}

function toEvent(event: Exclude<ShownEvent, { readonly type: "ended" }>): LogEvent {
  const at = toTime(event.at);
  switch (event.type) {
    case "started": {
      const input = toLogged(event.input, "the input");
      const base = event.base === undefined ? {} : { base: event.base };
      return { type: event.type, at, input, secret: "", engine: ENGINE, parent: event.parent, ...base };
    }
    case "called": {
      const { type, command, kind, name, until } = event;
      return { type, at, command, kind, name, until: until === undefined ? undefined : toTime(until) };
    }
    case "attempted":
      return { type: event.type, at, command: event.command, attempt: event.attempt };
    case "failed": {
      const { type, command, attempt, error, retryAt } = event;
      return { type, at, command, attempt, error: toError(error), retryAt: toTime(retryAt) };
    }
    case "settled":
      return { type: event.type, at, command: event.command, outcome: toOutcome(event) };
    case "received":
      return { type: event.type, at, hook: event.hook, value: toLogged(event.value, `a message of ${event.hook}`) };
    case "cancelled":
      return { type: event.type, at, reason: event.reason };
    default:
      throw new HadronError("INVALID_INPUT", `A history has no event of type "${(event as ParsedEvent).type}".`);
  }
}

function toOutcome(shown: ShownOutcome): Outcome {
  if ("error" in shown) return { error: toError(shown.error) };
  return { ok: toLogged(shown.value, "an outcome") };
}

function toError({ name, message, code }: Omit<ErrorRecord, "retryable">): ErrorRecord {
  return { name, message, code, retryable: false };
}

function toTime(at: Date | string): number {
  return new Date(at).getTime();
}
