import type { Called, Delivery, ErrorRecord, LogEvent, Started } from "../log/events.ts";
import type { CommandSpec } from "./command.ts";

/** How far a step had come. */
export interface StepProgress {
  readonly attempt: number;
  /** An attempt may have been under way: what it did outside, nobody knows. */
  readonly isInDoubt: boolean;
  /** When the next attempt begins; undefined: at once. */
  readonly retryAt: number | undefined;
  readonly error: ErrorRecord | undefined;
}

/** What a log says, laid out for the replay. */
export class Recorded {
  readonly started: Started;
  /** In the order in which the program gets them. */
  readonly deliveries: readonly Delivery[];
  readonly #calls: Called[] = [];
  readonly #steps = new Map<number, StepProgress>();

  constructor(history: readonly LogEvent[]) {
    const [started] = history;
    if (started?.type !== "started") throw new TypeError("A log begins with its start.");
    this.started = started;
    const deliveries: Delivery[] = [];
    for (const event of history) {
      switch (event.type) {
        case "called":
          this.#calls.push(event);
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
        case "received":
        case "cancelled":
          deliveries.push(event);
      }
    }
    this.deliveries = deliveries;
  }

  /** How many commands it holds. */
  get size(): number {
    return this.#calls.length;
  }

  call(command: number): Called | undefined {
    return this.#calls[command];
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
