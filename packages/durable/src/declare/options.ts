import { HadronError } from "@hadron/core";
import type { Limits } from "../owner/limits.ts";
import { type Duration, toMs } from "../program/duration.ts";

/** When runs of a program begin, across all replicas, and how long they are kept. */
export interface DurableOptions<I> {
  /**
   * At most `limit` runs have a place at once, whichever replica has them: the others wait for their turn. With `key`, so many for each key
   * of an input. A run whose owner dies keeps its place.
   *
   * A run that waits for its turn can be cancelled and killed; what else is sent to it waits with it. A new limit holds from the next
   * start of a replica on; for runs that were started while there was none, there is none.
   *
   * @default no limit
   */
  readonly concurrency?: {
    readonly limit: number;
    /** @default one for all: the limit is that of the program */
    readonly key?: (input: I) => string | number;
    /**
     * `wait`: a run that does nothing but wait for a second (for a time, a message, a child), or is paused, gives its place away, and takes
     * one again, before those that have not begun, when it goes on. `end`: it keeps its place until it is over: no two of a
     * limit of 1 are ever in the middle at once, and a program that waits for a run of the same key waits for ever.
     *
     * @default "wait"
     */
    readonly until?: "wait" | "end";
  };
  /** How many may wait for their turn, of each key: a start beyond is OVERLOADED. With `concurrency` alone. @default as many as come */
  readonly queue?: number;
  /** `"100/1m"`: in no minute do more than 100 runs begin; the others wait. In ms, s, m, h or d. @default as many as come */
  readonly rate?: string;
  /** Of runs that have not begun, the one with the highest begins first; then in the order of their starts. @default 0 for each */
  readonly priority?: (input: I) => number;
  /**
   * How long a run is kept once it is over: then its id is that of a new run. `"forever"`: it is never removed. Holds from the next
   * start of a replica on, also for runs that were over before.
   *
   * @default "30d"
   */
  readonly retention?: Duration | "forever";
}

/** INVALID_DECLARATION says what is wrong. */
export function toLimits(options: DurableOptions<any> = {}): Limits {
  const { priority, rate } = options;
  if (priority !== undefined && typeof priority !== "function") throw invalid("priority is no function");
  const limits = {
    slots: toSlots(options),
    rate: rate === undefined ? undefined : toRate(rate),
    keepMs: toKeepMs(options),
    priorityOf: priority,
  };
  if (limits.rate !== undefined && limits.keepMs !== null && limits.keepMs < limits.rate.perMs) {
    throw invalid(`retention is shorter than the time of rate "${rate}", for which the runs are counted`);
  }
  return limits;
}

function toSlots({ concurrency, queue }: DurableOptions<any>): Limits["slots"] {
  if (queue !== undefined && !isWhole(queue, 0))
    throw invalid(`queue is ${queue}, and should be a whole number from 0`);
  if (concurrency === undefined) {
    if (queue === undefined) return undefined;
    throw invalid("queue says how many wait for a limit: add concurrency: { limit }");
  }
  const { limit, key, until = "wait" } = concurrency;
  if (!isWhole(limit, 1)) throw invalid(`concurrency.limit is ${limit}, and should be a whole number from 1`);
  if (key !== undefined && typeof key !== "function") throw invalid("concurrency.key is no function");
  if (until !== "wait" && until !== "end")
    throw invalid(`concurrency.until is "${until}", and should be "wait" or "end"`);
  const most = queue === undefined ? undefined : limit + queue;
  return { limit, most, keepsPlace: until === "end", slotOf: key ?? (() => "") };
}

function toRate(rate: string): NonNullable<Limits["rate"]> {
  const [, most, each, unit] = /^(\d+)\/(\d*)(ms|s|m|h|d)$/.exec(rate) ?? [];
  const limit = Number(most);
  const perMs = unit === undefined ? 0 : toMs(`${Number(each === "" ? 1 : each)}${unit}` as Duration);
  if (isWhole(limit, 1) && perMs >= 1) return { limit, perMs };
  throw invalid(`rate is "${rate}", and should be like "100/1m": how many, and in which time`);
}

function toKeepMs({ retention = "30d" }: DurableOptions<any>): number | null {
  if (retention === "forever") return null;
  try {
    return Math.ceil(toMs(retention));
  } catch {
    throw invalid(`retention is "${retention}", and should be like "30d", milliseconds, or "forever"`);
  }
}

function isWhole(value: unknown, least: number): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}

function invalid(what: string): HadronError {
  return new HadronError("INVALID_DECLARATION", `durable(program, options): ${what}.`);
}
