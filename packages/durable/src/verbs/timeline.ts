import { toJson } from "@hadron/resources/store";
import type { ShownEvent, ShownOutcome } from "../log/shown.ts";
import type { Awaited } from "../log/view.ts";
import type { RunStatus } from "../owner/runs.ts";

/** Characters of a value that are shown. */
const MOST_CHARACTERS = 80;

/** What a run did, or waits for: one line of its timeline. */
export interface TimelineEntry {
  /** Of the event with which it began. */
  readonly n: number;
  readonly at: Date;
  /** In milliseconds; undefined: it is not over, or has no length. */
  readonly tookMs: number | undefined;
  /** E.g. `step charge`. */
  readonly what: string;
  /** What came of it, why it was tried again, or what it waits for. */
  readonly outcome: string;
}

/** A log as a person reads it: each command once, where it began. */
export function toTimeline(
  log: readonly ShownEvent[],
  { awaited }: Pick<RunStatus, "awaited">,
): readonly TimelineEntry[] {
  const ends = endsOf(log);
  const waits = new Map(awaited.map((one) => [one.command, one]));
  return log.flatMap((event): TimelineEntry[] => {
    const { n, at } = event;
    const point = (what: string, outcome: string) => [{ n, at, tookMs: undefined, what, outcome }];
    switch (event.type) {
      case "started":
        return point("started", short(event.input));
      case "called": {
        const { command, kind, name } = event;
        if (kind === "patch") return point(`patch ${name}`, "goes the changed way");
        const what = kind === "next" ? `message for ${name}` : `${kind} ${name}`;
        const end = ends.get(command);
        const waiting = waits.get(command);
        if (end !== undefined) {
          return [{ n, at, tookMs: end.at.getTime() - at.getTime(), what, outcome: inWords(end) }];
        }
        return point(what, waiting === undefined ? "given up" : inWordsOf(waiting));
      }
      case "failed":
        return point(`attempt ${event.attempt} failed`, event.error.message);
      case "received":
        return ends.has(event) ? [] : point(`message for ${event.hook}`, short(event.value));
      case "cancelled":
        return point("cancelled", event.reason);
      case "ended":
        return point("ended", inWords(event));
      default:
        return [];
    }
  });
}

type End = { readonly at: Date } & ShownOutcome;

/** By a command what ended it; by an event that it is told with its command. */
function endsOf(log: readonly ShownEvent[]): ReadonlyMap<number | ShownEvent, End> {
  const ends = new Map<number | ShownEvent, End>();
  const nexts = new Map<string, number>();
  for (const event of log) {
    if (event.type === "called" && event.kind === "next") nexts.set(event.name, event.command);
    else if (event.type === "settled") ends.set(event.command, event);
    else if (event.type === "received") {
      const command = nexts.get(event.hook);
      nexts.delete(event.hook);
      if (command === undefined) continue;
      ends.set(command, event);
      ends.set(event, event);
    }
  }
  return ends;
}

function inWords(outcome: ShownOutcome): string {
  return "error" in outcome ? `${outcome.error.name}: ${outcome.error.message}` : short(outcome.value);
}

function inWordsOf({ kind, attempt, until, error, inDoubt }: Awaited): string {
  if (kind === "next") return "waits for a message";
  if (kind === "sleep") return `sleeps until ${until?.toISOString()}`;
  if (until !== undefined) return `attempt ${attempt} at ${until.toISOString()}: ${error ?? ""}`;
  if (inDoubt) return `attempt ${attempt} in doubt: nobody who may have done it is heard of`;
  return attempt === 1 ? "under way" : `attempt ${attempt} under way: ${error ?? ""}`;
}

function short(value: unknown): string {
  if (value === undefined) return "";
  const text = toJson(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}
