import type { Clock } from "../../clock/clock.ts";

/** Resolves when that has happened, or after a while. */
export async function within(clock: Clock, ms: number, what: Promise<unknown>): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = clock.after(ms, over.resolve);
  await Promise.race([what, over.promise]);
  clock.cancel(timer);
}
