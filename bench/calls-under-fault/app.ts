import { procedure, service } from "@hadron/core";

/** Keeps the processor busy: what a handler of that much CPU time is. */
export function burn(ms: number): number {
  const until = performance.now() + ms;
  let rounds = 0;
  while (performance.now() < until) rounds++;
  return rounds;
}

const idempotent = true;
let slowShare = 0;

/** The service of these benches. Its replicas are processes of their own; see `cluster.ts`. */
export const bench = service("bench", {
  echo: procedure({ idempotent }, (input: unknown) => input),
  echoOnce: (input: unknown) => input,
  /** 5 ms of CPU. */
  burn: () => burn(5),
  /** The same, with an await before it. */
  burnLater: async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return burn(5);
  },
  /** Takes 10 ms, but 200 ms in as many of the calls as `slow` said. */
  sometimesSlow: procedure({ idempotent }, async (_: unknown, { signal }) => {
    const ms = Math.random() < slowShare ? 200 : 10;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
    return ms;
  }),
  slow: (share: number) => {
    slowShare = share;
    return share;
  },
  memory: () => {
    globalThis.gc?.();
    return process.memoryUsage();
  },
  cpu: () => process.cpuUsage(),
});
