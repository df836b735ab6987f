export interface DriveOptions {
  /** Calls under way at the same time. */
  readonly inFlight: number;
  readonly ms: number;
}

export interface Driven {
  readonly calls: number;
  readonly ms: number;
  /** Calls that were answered OVERLOADED: they are not among `calls`. */
  readonly refused: number;
  /** In milliseconds; only of {@link driveAdded}. */
  readonly latencies?: readonly number[];
}

/**
 * Calls again and again for a while; where it is told that there is too much work, it waits as it is told to. The first call
 * that fails otherwise ends it, and is its error.
 */
export async function drive(call: () => Promise<unknown>, { inFlight, ms }: DriveOptions): Promise<Driven> {
  const startedAt = performance.now();
  const until = startedAt + ms;
  let [calls, refused] = [0, 0];
  const caller = async () => {
    while (performance.now() < until) {
      try {
        await call();
        calls++;
      } catch (error) {
        const { code, retryAfterMs = 0 } = error as { code?: unknown; retryAfterMs?: number };
        if (code !== "OVERLOADED") throw error;
        refused++;
        await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { calls, ms: performance.now() - startedAt, refused };
}

/** The same; the latencies are what each call takes beyond the number of milliseconds that it returns. */
export async function driveAdded(call: () => Promise<number>, options: DriveOptions): Promise<Driven> {
  const latencies: number[] = [];
  const driven = await drive(async () => {
    const startedAt = performance.now();
    const own = await call();
    latencies.push(performance.now() - startedAt - own);
  }, options);
  return { ...driven, latencies };
}
