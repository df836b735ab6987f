import { availableParallelism } from "node:os";

/** More processes at once would only take longer each, up to the start timeout. */
const STARTING_AT_ONCE = Math.max(16, 4 * availableParallelism());

/** Starts replicas, or does something else that takes a start, not too many at once. Rejects as soon as one does. */
export async function forEachStart<T>(
  items: readonly T[],
  signal: AbortSignal,
  start: (item: T) => Promise<void>,
  done: (count: number) => void = () => {},
): Promise<void> {
  let next = 0;
  let finished = 0;
  const failed = Promise.withResolvers<never>();
  const abort = () => failed.reject(signal.reason);
  if (signal.aborted) throw signal.reason;
  signal.addEventListener("abort", abort, { once: true });
  const worker = async () => {
    while (next < items.length && !signal.aborted) {
      await start(items[next++]!);
      done(++finished);
    }
  };
  const workers = Promise.all(Array.from({ length: Math.min(STARTING_AT_ONCE, items.length) }, worker));
  try {
    await Promise.race([workers, failed.promise]);
  } finally {
    next = items.length;
    signal.removeEventListener("abort", abort);
    workers.catch(() => {}); // The first failure was told; the others follow from ending the rest.
  }
}
