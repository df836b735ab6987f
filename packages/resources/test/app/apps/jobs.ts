// Jobs that are sent in numbers, and a line in a file at the beginning and at the end of each.
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { run, service } from "@hadron/core";
import { consume } from "@hadron/patterns";
import { queue } from "@hadron/resources";

const jobs = queue<number>("jobs");
const write = (line: string) => appendFileSync(`${process.env.HOME}/worked`, `${line}\n`);

export const boss = service(
  "boss",
  {
    /** Sends jobs from 0, all at once. */
    async start(count: number) {
      await Promise.all(Array.from({ length: count }, (_, job) => jobs.send(job, { id: String(job) })));
      return count;
    },
    /** Sends so many more, one after the other. */
    async give({ from, count }: { from: number; count: number }) {
      for (let job = from; job < from + count; job++) {
        await jobs.send(job, { id: String(job) });
        if (job === from) write("giving");
      }
      return count;
    },
  },
  { uses: [jobs], expose: true },
);

export const worker = service(
  "worker",
  consume(jobs, async (job, { attempt }) => {
    write(`begun ${job} ${attempt}`);
    await sleep(20 + (job % 7) * 10);
    write(`done ${job} ${attempt}`);
  }),
  { replicas: 3 },
);

await run(boss, worker);
