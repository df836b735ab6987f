import { expect, test } from "vitest";
import type { ClientTime } from "../../src/client/store-client.ts";
import { KeyValueStore } from "../../src/key-value/key-value.ts";
import { LockHandle } from "../../src/lock/lock.ts";
import { Sender } from "../../src/queue/queue.ts";
import { toNextDue } from "../../src/work/next-due.ts";
import { keepSchedule } from "../../src/work/schedule.ts";
import { LocalStore, settle } from "../local-link.ts";

const HOUR = 3_600_000;
const ANYTHING = { schema: undefined, upgrade: undefined };

/** The clocks of a host that are so far from those of the store's, both of them. */
function skewed(store: LocalStore, ms: number): ClientTime {
  const { time } = store;
  return {
    now: () => time.now() + ms,
    wallNow: () => time.wallNow() + ms,
    after: (inMs, callback) => time.after(inMs, callback),
    turn: (callback) => time.turn(callback),
    random: () => 0.5,
  };
}

test.each([
  ["a replica's host is an hour ahead", HOUR, 0],
  ["a replica's host is an hour behind", -HOUR, 0],
  ["the store's host is set an hour ahead", 0, HOUR],
  ["the store's host is set an hour back", 0, -HOUR],
])("leases, times to live, delays and due times go by the store's clock alone: %s", async (_, replicaMs, storeMs) => {
  await using store = new LocalStore();
  const client = store.client(skewed(store, replicaMs));
  const carts = new KeyValueStore<number>({ name: "carts", check: ANYTHING, ttlMs: undefined }, () => client);
  const queue = { name: "q", queues: () => ["q"], check: ANYTHING, key: undefined, maxLength: undefined };
  const due: string[] = [];
  const lock = new LockHandle({ name: "l", leaseMs: 6 * HOUR }, () => client);
  const ending = new AbortController();
  const work = new LockHandle({ name: "every/n", leaseMs: 100 * HOUR }, () => client);
  const schedule = { name: "n", line: "0 * * * *", nextDue: toNextDue("0 * * * *", "UTC"), missed: "once" as const };
  const keeping = work.hold(({ token }) =>
    keepSchedule({
      ...{ ...schedule, store: client, token, signal: ending.signal },
      run: async (occasion) => void due.push(occasion.due.toISOString()),
    }),
  );
  keeping.catch(() => {});
  await carts.set("k", 1, { ttlMs: 2 * HOUR });
  await new Sender<number>(queue, () => client).send(1, { delayMs: 2 * HOUR });
  let signal: AbortSignal | undefined;
  let letGo = () => {};
  const held = lock.hold((hold) => {
    signal = hold.signal;
    return new Promise<void>((resolve) => (letGo = resolve));
  });
  await settle();
  store.time.setWall(storeMs);

  const state = async () => {
    const { nextInMs: inMs } = await store.server.driver.read({ kind: "queue", queue: "q" });
    return { value: await carts.get("k"), inMs };
  };
  store.time.advance(2 * HOUR - 1);
  await settle();
  expect(await state()).toEqual({ value: 1, inMs: 1 });
  expect(due).toEqual(["2030-01-01T01:00:00.000Z"]);
  store.time.advance(1);
  await settle();
  expect(await state()).toMatchObject({ value: undefined, inMs: 0 });
  expect(due).toEqual(["2030-01-01T01:00:00.000Z", "2030-01-01T02:00:00.000Z"]);
  expect(signal?.aborted).toBe(false);
  letGo();
  await held;
  ending.abort();
});
