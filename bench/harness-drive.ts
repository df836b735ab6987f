export interface DriveOptions {
  /** Calls under way at the same time. */
  readonly inFlight: number;
  readonly ms: number;
}

export interface Driven {
  readonly calls: number;
  readonly ms: number;
  /** Of each call, in milliseconds; only as asked for. */
  readonly latencies?: readonly number[];
}

/** Calls again and again for a while. The first call that fails ends it, and is its error. */
export async function drive(
  call: () => Promise<unknown>,
  { inFlight, ms }: DriveOptions,
  options: { readonly latencies?: boolean } = {},
): Promise<Driven> {
  const startedAt = performance.now();
  const until = startedAt + ms;
  const latencies: number[] = [];
  let calls = 0;
  const caller = async () => {
    for (let at = performance.now(); at < until; ) {
      await call();
      calls++;
      const now = performance.now();
      if (options.latencies) latencies.push(now - at);
      at = now;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { calls, ms: performance.now() - startedAt, ...(options.latencies ? { latencies } : {}) };
}
