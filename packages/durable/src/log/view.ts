import type { Called, LogEvent, Outcome } from "./events.ts";

/** A run as its log tells it, at some event. */
export interface RunView {
  /** What it waits for, in the order in which it was asked for. */
  readonly awaited: readonly Awaited[];
  readonly cancelled: string | undefined;
  readonly outcome: Outcome | undefined;
}

/** Something that was called and is not settled. */
export interface Awaited {
  readonly command: number;
  readonly kind: Called["kind"];
  readonly name: string;
  /** Of a step: the attempt that is under way, or comes next. */
  readonly attempt: number;
  readonly since: Date;
  /** When it goes on by itself: a sleep that is over, the next attempt of a step. */
  readonly until: Date | undefined;
  /** Why the last attempt failed. */
  readonly error: string | undefined;
  /** Of a step: nobody who may have done it is heard of, so what it did is not known. */
  readonly inDoubt: boolean;
}

/** Reads a log as far as it is given, without running the program. */
export function viewOf(events: Iterable<LogEvent>): RunView {
  const awaited = new Map<number, Awaited>();
  let cancelled: string | undefined;
  let outcome: Outcome | undefined;
  for (const event of events) {
    switch (event.type) {
      case "called": {
        const { command, kind, name, at, until } = event;
        if (kind === "patch") break;
        awaited.set(command, {
          command,
          kind,
          name,
          attempt: 1,
          since: new Date(at),
          until: toDate(until),
          error: undefined,
          inDoubt: false,
        });
        break;
      }
      case "failed":
        change(awaited, event.command, {
          attempt: event.attempt + 1,
          until: new Date(event.retryAt),
          error: event.error.message,
        });
        break;
      case "attempted":
        change(awaited, event.command, { attempt: event.attempt, until: undefined });
        break;
      case "settled":
        awaited.delete(event.command);
        break;
      case "received":
        for (const { command, kind, name } of awaited.values()) {
          if (kind === "next" && name === event.hook) awaited.delete(command);
        }
        break;
      case "cancelled":
        cancelled = event.reason;
        break;
      case "ended":
        awaited.clear();
        outcome = event.outcome;
    }
  }
  return { awaited: [...awaited.values()], cancelled, outcome };
}

function change(awaited: Map<number, Awaited>, command: number, changes: Partial<Awaited>): void {
  const before = awaited.get(command);
  if (before !== undefined) awaited.set(command, { ...before, ...changes });
}

function toDate(at: number | undefined): Date | undefined {
  return at === undefined ? undefined : new Date(at);
}
