import type { Called, Delivery, ErrorRecord, LogEvent, Started } from "../log/events.ts";
import type { CommandSpec } from "./command.ts";
import { Queue } from "./queue.ts";

/**
 * So many deliveries are known ahead of the program: what it asks for because of one is in the log before the next, or, where
 * outcomes were kept that it was not given any more, soon after.
 */
const KNOWN_AHEAD = 200;

/** How far a step had come. */
export interface StepProgress {
  readonly attempt: number;
  /** An attempt may have been under way: what it did outside, nobody knows. */
  readonly isInDoubt: boolean;
  /** When the next attempt begins; undefined: at once. */
  readonly retryAt: number | undefined;
  readonly error: ErrorRecord | undefined;
}

/** What a log says, laid out for the replay as far as it was read; what the replay has passed is let go of. */
export class Recorded {
  readonly started: Started;
  /** What the program gets, in its order. */
  readonly deliveries = new Queue<Delivery>();
  /** What it asks for, in its order. */
  readonly calls = new Queue<Called>();
  /** Events that were read. */
  length = 0;
  /** Commands among them. */
  size = 0;
  /** Whether that is all of the log. */
  isWhole = false;
  readonly #steps = new Map<number, StepProgress>();

  constructor(first: readonly LogEvent[]) {
    const [started] = first;
    if (started?.type !== "started") throw new TypeError("A log begins with its start.");
    this.started = started;
    this.add(first);
  }

  /** The events that follow. */
  add(events: readonly LogEvent[]): void {
    this.length += events.length;
    for (const event of events) {
      switch (event.type) {
        case "called":
          this.size++;
          this.calls.push(event);
          break;
        case "attempted":
          this.#steps.set(event.command, underWay(event.attempt));
          break;
        case "failed": {
          const { command, attempt, retryAt, error } = event;
          this.#steps.set(command, { attempt: attempt + 1, isInDoubt: false, retryAt, error });
          break;
        }
        case "settled":
          this.#steps.delete(event.command);
          this.deliveries.push(event);
          break;
        case "received":
        case "cancelled":
          this.deliveries.push(event);
      }
    }
  }

  /** Whether more of the log has to be read before the program gets anything; or before it is over. */
  needsMore(isAtEnd: boolean): boolean {
    return !this.isWhole && (isAtEnd ? this.calls.length === 0 : this.deliveries.length < KNOWN_AHEAD);
  }

  /** Of a step that was called and not settled. */
  progress(command: number): StepProgress {
    return this.#steps.get(command) ?? underWay(1);
  }
}

function underWay(attempt: number): StepProgress {
  return { attempt, isInDoubt: true, retryAt: undefined, error: undefined };
}

/** Whether the program asks for what it asked for then. */
export function isSame(call: Called, spec: CommandSpec): boolean {
  return call.kind === spec.kind && call.name === spec.name;
}

/** A command in words, e.g. `step "charge"`. */
export function inWordsOf({ kind, name }: Pick<CommandSpec, "kind" | "name">): string {
  return kind === "sleep" ? `sleep(${name})` : kind === "next" ? `next() of hook "${name}"` : `${kind} "${name}"`;
}
