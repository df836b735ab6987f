import { run, service } from "@hadron/core";
import { durable, sleep } from "@hadron/durable";
import { keyValue } from "@hadron/resources";

export interface Job {
  readonly by: string;
  readonly ms: number;
}

const working = keyValue<{ now: number; most: number }>("working");

/** How many were at work at once for somebody, at most. */
export const most = service("most", async (by: string) => (await working.get(by))?.most ?? 0, { uses: [working] });

/** Called by the program as steps: a second call of the same key is none. */
export const clock = service(
  "clock",
  {
    async begin(by: string, { id }) {
      if ((await working.get(`begin ${id}`)) !== undefined) return;
      await working.set(`begin ${id}`, { now: 0, most: 0 });
      await working.update(by, (was = { now: 0, most: 0 }) => {
        const now = was.now + 1;
        return { now, most: Math.max(was.most, now) };
      });
    },
    async end(by: string, { id }) {
      if ((await working.get(`end ${id}`)) !== undefined) return;
      await working.set(`end ${id}`, { now: 0, most: 0 });
      await working.update(by, (was = { now: 0, most: 0 }) => ({ ...was, now: was.now - 1 }));
    },
  },
  { uses: [working] },
);

export const job = service(
  "job",
  durable(
    async ({ by, ms }: Job) => {
      await clock.begin(by);
      await sleep(ms);
      await clock.end(by);
      return by;
    },
    { concurrency: { limit: 2, key: ({ by }) => by, until: "end" }, queue: 3 },
  ),
  { replicas: 3 },
);

await run(job, clock, most);
