import { chanceOf } from "./chance.ts";
import type { CommandKind, ErrorRecord, LogEvent, Outcome, Parent } from "./events.ts";
import { fromLogged } from "./values.ts";

/** What somebody gave, or threw. */
export type ShownOutcome = { readonly value: unknown } | { readonly error: Omit<ErrorRecord, "retryable"> };

/**
 * An event as it is shown: `n` is its place in the log, values are what they were, and the run's secret is left out, of which the
 * tokens of its hooks are made. `base`: with which number commands begin, of a run that began anew. `chance` is what random numbers and ids are drawn from, so that a replay draws the same.
 */
export type ShownEvent = {
  readonly n: number;
  readonly at: Date;
} & (
  | {
      readonly type: "started";
      readonly input: unknown;
      readonly chance?: string;
      readonly parent?: Parent;
      readonly base?: number;
    }
  | {
      readonly type: "called";
      readonly command: number;
      readonly kind: CommandKind;
      readonly name: string;
      readonly until?: Date;
    }
  | { readonly type: "attempted"; readonly command: number; readonly attempt: number }
  | {
      readonly type: "failed";
      readonly command: number;
      readonly attempt: number;
      readonly error: Omit<ErrorRecord, "retryable">;
      readonly retryAt: Date;
    }
  | ({ readonly type: "settled"; readonly command: number } & ShownOutcome)
  | { readonly type: "received"; readonly hook: string; readonly value: unknown }
  | { readonly type: "cancelled"; readonly reason: string }
  | ({ readonly type: "ended" } & ShownOutcome)
);

export function toShown(event: LogEvent, n: number): ShownEvent {
  const head = { n, at: new Date(event.at) };
  switch (event.type) {
    case "started": {
      const { type, input, engine, parent, base } = event;
      // Before, chance was drawn from the secret itself.
      const chance = engine === 1 ? {} : { chance: chanceOf(event) };
      const more = { ...(parent === undefined ? {} : { parent }), ...(base === undefined ? {} : { base }) };
      return { ...head, type, input: fromLogged(input), ...chance, ...more };
    }
    case "called": {
      const { type, command, kind, name, until } = event;
      return { ...head, type, command, kind, name, ...(until === undefined ? {} : { until: new Date(until) }) };
    }
    case "attempted":
      return { ...head, type: event.type, command: event.command, attempt: event.attempt };
    case "failed": {
      const { type, command, attempt, error, retryAt } = event;
      return { ...head, type, command, attempt, error: toError(error), retryAt: new Date(retryAt) };
    }
    case "settled":
      return { ...head, type: event.type, command: event.command, ...toOutcome(event.outcome) };
    case "received":
      return { ...head, type: event.type, hook: event.hook, value: fromLogged(event.value) };
    case "cancelled":
      return { ...head, type: event.type, reason: event.reason };
    case "ended":
      return { ...head, type: event.type, ...toOutcome(event.outcome) };
  }
}

function toOutcome(outcome: Outcome): ShownOutcome {
  return "error" in outcome ? { error: toError(outcome.error) } : { value: fromLogged(outcome.ok) };
}

function toError({ name, message, code }: ErrorRecord): Omit<ErrorRecord, "retryable"> {
  return { name, message, code };
}
