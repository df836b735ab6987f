import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { run, service } from "@hadron/core";
import { spread } from "@hadron/patterns";

const bornAt = Date.now();
let count = 0;
let ticks = 0;
setInterval(() => ticks++, 1000).unref();

/** A service that keeps in variables, and asks for time and chance, as code does. */
export const counter = service(
  "counter",
  spread(2, {
    count: () => ++count,
    ticks: () => ticks,
    chance: () => [Math.random(), crypto.randomUUID(), randomUUID(), new Date().toISOString(), bornAt].join(" "),
    nap: async (ms: number) => {
      const [before, wall] = [performance.now(), Date.now()];
      await sleep(ms);
      await new Promise((resolve) => setTimeout(resolve, ms));
      await new Promise((resolve) => setImmediate(resolve));
      return [performance.now() - before, Date.now() - wall];
    },
    place: () => import.meta.filename,
  }),
);

/** Never answers. */
export const never = service("never", () => new Promise<void>(() => {}));

await run(counter, never);
