export interface DriveOptions {
  /** Calls under way at the same time. */
  readonly inFlight: number;
  readonly ms: number;
}

export interface Driven {
  readonly calls: number;
  readonly ms: number;
  /** In milliseconds; only of {@link driveAdded}. */
  readonly latencies?: readonly number[];
}

/** Calls again and again for a while. The first call that fails ends it, and is its error. */
export async function drive(call: () => Promise<unknown>, { inFlight, ms }: DriveOptions): Promise<Driven> {
  const startedAt = performance.now();
  const until = startedAt + ms;
  let calls = 0;
  const caller = async () => {
    while (performance.now() < until) {
      await call();
      calls++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { calls, ms: performance.now() - startedAt };
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
