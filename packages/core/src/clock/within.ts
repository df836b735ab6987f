import type { Clock } from "./clock.ts";

/** Resolves when that has happened, or after a while, with whether it has. */
export async function within(clock: Clock, ms: number, what: Promise<unknown>): Promise<boolean> {
  const over = Promise.withResolvers<boolean>();
  const timer = clock.after(ms, () => over.resolve(false));
  const happened = await Promise.race([what.then(() => true), over.promise]);
  clock.cancel(timer);
  return happened;
}
