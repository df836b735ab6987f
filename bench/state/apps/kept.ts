/** What keeps things for the benches of state: its replicas drive themselves, so that a bench pays for no way to them. */
import { run, service } from "@hadron/core";
import { consume } from "@hadron/patterns";
import { bucket, keyValue, lock, queue } from "@hadron/resources";
import { Redis } from "iovalkey";
import { type DriveOptions, drive } from "../../harness-drive.ts";

/** A row as an app keeps them: some 100 bytes. */
const ROW = { user: "ann", items: ["tea", "cake", "milk"], at: 1_700_000_000_000, note: "x".repeat(24) };
/** Each differs from what is there: SQLite writes nothing where a value stays as it is. */
const nextRow = () => ({ ...ROW, at: serial });
const KEYS = 1000;

const rows = keyValue<typeof ROW>("rows");
const work = queue<{ n: number; text: string }>("work");
const once = lock("once");
const files = bucket("files");

let serial = 0;
const nextKey = () => `user/${serial++ % KEYS}`;
let redis: Redis | undefined;
/** Frees a lock only where it is still held by the one that says so, as Redis' own documentation has it. */
const UNLOCK = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end`;

export const driver = service(
  "driver",
  {
    set: (options: DriveOptions) => drive(() => rows.set(nextKey(), nextRow()), options),
    get: (options: DriveOptions) => drive(() => rows.get(nextKey()), options),
    lock: (options: DriveOptions) => drive(() => once.hold(async () => {}), options),
    async fill() {
      for (let n = 0; n < KEYS; n++) await rows.set(`user/${n}`, ROW);
    },
    async redis(path: string) {
      redis ??= new Redis({ path });
      for (let n = 0; n < KEYS; n++) await redis.set(`user/${n}`, JSON.stringify(ROW));
    },
    redisGet: (options: DriveOptions) => drive(async () => JSON.parse((await redis?.get(nextKey())) ?? ""), options),
    redisLock: (options: DriveOptions) =>
      drive(async () => {
        const token = String(serial++);
        while ((await redis?.set("lock", token, "PX", 15_000, "NX")) !== "OK");
        await redis?.eval(UNLOCK, 1, "lock", token);
      }, options),
    send: (options: DriveOptions) => drive(() => work.send({ n: serial++, text: ROW.note }), options),
    /** What one call to another replica takes, there and back, in milliseconds. */
    async callOne() {
      const startedAt = performance.now();
      await tally.read();
      return performance.now() - startedAt;
    },
    /** Sends one message, and says when, on the system's clock, in milliseconds. */
    async sendOne() {
      const at = performance.timeOrigin + performance.now();
      await work.send({ n: at, text: "" });
      return at;
    },
    async store(mebibytes: number) {
      const piece = new Uint8Array(1 << 20).fill(7);
      const startedAt = performance.now();
      await files.put(
        "large",
        new ReadableStream({
          start: () => {},
          pull(to) {
            if (mebibytes-- > 0) to.enqueue(piece);
            else to.close();
          },
        }),
      );
      const found = await files.get("large");
      let bytes = 0;
      for await (const chunk of found?.body ?? []) bytes += chunk.length;
      return { calls: bytes / (1 << 20), ms: performance.now() - startedAt, refused: 0 };
    },
  },
  { replicas: 2, uses: [rows, work, once, files] },
);

interface Tally {
  /** Messages worked on. */
  readonly done: number;
  /** When the last handler began, on the system's clock, in milliseconds. */
  readonly begunAt: number;
}

let last: Tally = { done: 0, begunAt: 0 };
export const tally = service("tally", {
  told: (now: Tally) => {
    last = now;
  },
  read: () => last,
});

let [done, begunAt, isTelling] = [0, 0, false];
export const consumer = service(
  "consumer",
  consume(
    work,
    () => {
      begunAt = performance.timeOrigin + performance.now();
      done++;
      if (isTelling) return;
      isTelling = true;
      setTimeout(() => {
        isTelling = false;
        void tally.told({ done, begunAt });
      }, 10);
    },
    { concurrency: 8 },
  ),
);

await run(driver, tally, consumer);
