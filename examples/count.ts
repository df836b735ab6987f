// Streams: a handler that yields is a stream, a service that passes one on is, too, and whoever has enough just leaves.

import { setTimeout as sleep } from "node:timers/promises";
import { type Context, run, service } from "@hadron/core";

export const count = service(
  "count",
  async function* ({ to = 10, everyMs = 0 }: { to?: number; everyMs?: number } = {}, { signal }: Context) {
    for (let n = 1; n <= to; n++) {
      yield n;
      if (everyMs > 0) await sleep(everyMs, undefined, { signal });
    }
  },
  { expose: true },
);

// Its input is a stream: it adds up whatever comes, as it comes.
export const total = service("total", async function* (numbers: AsyncIterable<number>) {
  let sum = 0;
  for await (const number of numbers) {
    sum += number;
    yield sum;
  }
});

export const triangles = service("triangles", async function* (limit: number = 100) {
  for await (const sum of total(count({ to: 1_000_000 }))) {
    if (sum > limit) return; // Ends the other two.
    yield sum;
  }
});

await run(count, total, triangles);
