/** BullMQ on Redis, or pg-boss on PostgreSQL: one process that sends, and eight consumers in it. */
import { Queue, Worker } from "bullmq";
import { Redis } from "iovalkey";
import { PgBoss } from "pg-boss";
import { type Driven, type DriveOptions, drive } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";

const NAME = "work";
const CONSUMERS = 8;

let send: (message: object) => Promise<unknown>;
let [sent, done] = [0, 0];

serveSide({
  async bullmq(path: string) {
    const connect = () => new Redis({ path, maxRetriesPerRequest: null });
    const queue = new Queue(NAME, { connection: connect(), defaultJobOptions: { removeOnComplete: true } });
    const worker = new Worker(NAME, async () => void done++, { connection: connect(), concurrency: CONSUMERS });
    await worker.waitUntilReady();
    send = (message) => queue.add("work", message);
  },
  async pgBoss(server: { host: string; port: number; user: string }) {
    const boss = new PgBoss({ ...server, database: "postgres", max: 16 });
    boss.on("error", (error) => {
      throw error;
    });
    await boss.start();
    await boss.createQueue(NAME);
    // In batches, and at its quickest poll: one at a time it would do sixteen messages a second.
    const options = { batchSize: 100, pollingIntervalSeconds: 0.5 };
    for (let n = 0; n < CONSUMERS; n++) {
      await boss.work(NAME, options, async (jobs) => {
        done += jobs.length;
      });
    }
    send = (message) => boss.send(NAME, message);
  },
  /** Sends for a while, and waits until all is done. */
  async through(options: DriveOptions): Promise<Driven> {
    const startedAt = performance.now();
    const before = sent;
    await drive(async () => {
      await send({ n: ++sent, text: "x".repeat(24) });
    }, options);
    while (done < sent) await new Promise((resolve) => setTimeout(resolve, 2));
    return { calls: sent - before, ms: performance.now() - startedAt, refused: 0 };
  },
});
