import { HadronError } from "@hadron/core";
import type { Slots } from "../owner/slots.ts";

/** How many runs of a program are under way at once, across all replicas. */
export interface DurableOptions<I> {
  /**
   * At most `limit` runs have begun and are not over, whether they work, sleep or are paused, and whichever replica has them: the next
   * begins when one of them is over, in the order in which they were started. With `key`, so many for each key of an input.
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
  };
  /** How many may wait for their turn, of each key: a start beyond is OVERLOADED. With `concurrency` alone. @default as many as come */
  readonly queue?: number;
}

/** INVALID_DECLARATION says what is wrong. */
export function toSlots({ concurrency, queue }: DurableOptions<any> = {}): Slots | undefined {
  if (queue !== undefined && !isWhole(queue, 0))
    throw invalid(`queue is ${queue}, and should be a whole number from 0`);
  if (concurrency === undefined) {
    if (queue === undefined) return undefined;
    throw invalid("queue says how many wait for a limit: add concurrency: { limit }");
  }
  const { limit, key } = concurrency;
  if (!isWhole(limit, 1)) throw invalid(`concurrency.limit is ${limit}, and should be a whole number from 1`);
  if (key !== undefined && typeof key !== "function") throw invalid("concurrency.key is no function");
  return { limit, most: queue === undefined ? undefined : limit + queue, slotOf: key ?? (() => "") };
}

function isWhole(value: unknown, least: number): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}

function invalid(what: string): HadronError {
  return new HadronError("INVALID_DECLARATION", `durable(program, options): ${what}.`);
}
