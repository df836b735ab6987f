import type { Context, Part, Timer } from "@hadron/core";
import { outsideOfCalls, pattern, withinCall } from "@hadron/core/spi";
import { checkHandler, checkMs, type SharedContext, Waiters } from "./shared.ts";

export interface DebounceOptions<I> {
  /** So long nothing of the same key may come before the work is done, in milliseconds. */
  readonly waitMs: number;
  /** But no longer than this after the first, in milliseconds. @default as long as they come */
  readonly mostMs?: number;
  /** What belongs together. @default all calls do */
  readonly key?: (input: I) => string;
}

interface Quiet<I, O> extends PromiseWithResolvers<O> {
  input: I;
  readonly waiters: Waiters;
  readonly since: number;
  timer: Timer;
}

/**
 * Waits until calls of the same key stop coming, and works once, on the last input: all of them get what comes of it. Each replica
 * waits for itself: put it behind `shard` where one should do so for all. Calls that the handler makes have 30 s.
 *
 * @example
 * export const reindex = service("reindex", debounce((doc: string) => index(doc), { waitMs: 500, mostMs: 5_000, key: (doc) => doc }));
 */
export function debounce<I, O>(
  handler: (input: I, context: SharedContext) => O | Promise<O>,
  options: DebounceOptions<I>,
): Part<(input: I) => Promise<O>> {
  checkHandler("debounce", handler);
  const waitMs = checkMs("debounce", "waitMs", options.waitMs);
  const mostMs =
    options.mostMs === undefined ? Number.POSITIVE_INFINITY : checkMs("debounce", "mostMs", options.mostMs);
  const keyOf = options.key ?? (() => "");
  const root = () => {
    const quiet = new Map<string, Quiet<I, O>>();
    return (input: I, context: Context): Promise<O> => {
      const { clock, log, replica, signal } = context;
      const key = keyOf(input);
      const run = () => {
        const due = quiet.get(key);
        quiet.delete(key);
        if (due === undefined) return;
        const shared = { log, replica, clock, signal: due.waiters.signal };
        outsideOfCalls(() => void call(handler, due.input, shared).then(due.resolve, due.reject));
      };
      const now = clock.now();
      const earlier = quiet.get(key);
      clock.cancel(earlier?.timer);
      const since = earlier?.since ?? now;
      const timer = clock.after(Math.min(waitMs, Math.max(0, since + mostMs - now)), run);
      const next = earlier ?? { ...Promise.withResolvers<O>(), input, waiters: new Waiters(), since, timer };
      next.input = input;
      next.timer = timer;
      next.waiters.add(signal);
      next.promise.catch(() => {});
      quiet.set(key, next);
      return withinCall(next.promise);
    };
  };
  return pattern({ name: "debounce", children: {}, root }) as unknown as Part<(input: I) => Promise<O>>;
}

/** What it throws at once is a rejection, too. */
async function call<I, O>(
  handler: (input: I, context: SharedContext) => O | Promise<O>,
  input: I,
  context: SharedContext,
): Promise<O> {
  return handler(input, context);
}
