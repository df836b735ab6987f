/** The app of the test of clocks that jump. */

import { setTimeout as pause } from "node:timers/promises";
import { type Context, HadronError, procedure, run, service } from "@hadron/core";
import { jumpClock } from "./jumping-clock.ts";

const failed = new Set<number>();

export const clock = service("clock", {
  jump: (ms: number) => jumpClock(ms),
  now: () => Date.now(),
  echo: async (id: number) => {
    await pause(2);
    return id;
  },
  ticks: async function* (to: number) {
    for (let n = 1; n <= to; n++) {
      yield n;
      await pause(5);
    }
  },
  /** Fails at first; its caller tries again after a while. */
  flaky: procedure({ idempotent: true }, (id: number) => {
    if (failed.has(id)) return id;
    failed.add(id);
    throw new HadronError("UNAVAILABLE", "not yet", { retryAfterMs: 20 });
  }),
  /** Slow at one of two replicas: the other is asked as well. */
  hedged: procedure({ idempotent: true }, async (id: number, { replica, signal }) => {
    if (replica.index === 0) await pause(500, undefined, { signal });
    return id;
  }),
  /** How long it has, by the wall clock. */
  left: (_: unknown, { deadline }) => deadline.getTime() - Date.now(),
  /** How long it was given, by a clock that does not jump. */
  hang: async (_: unknown, { signal }: Context) => {
    const startedAt = performance.now();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    hung.push(performance.now() - startedAt);
  },
  hung: () => hung.splice(0),
  say: (text: string, { log }) => log.info(text),
});

const hung: number[] = [];

await run(clock);
