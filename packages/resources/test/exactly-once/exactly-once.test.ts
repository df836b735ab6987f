import { service } from "@hadron/core";
import { createSystemClock } from "@hadron/core/spi";
import type { PassingCall } from "@hadron/core/testing";
import { start } from "@hadron/core/testing";
import { consume, subscribe } from "@hadron/patterns";
import { database, queue, topic } from "@hadron/resources";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, expectTypeOf, test } from "vitest";
import { putIntoOutbox } from "../../src/database/contract/outbox.ts";
import type { Transaction } from "../../src/index.ts";
import type { Operation } from "../../src/store/contract/operations.ts";
import { Relay } from "../../src/store/relay/relay.ts";
import { LocalStore, settle } from "../local-link.ts";
import { findFault, runConservation } from "./conservation.ts";

const orders = database("orders", { migrations: { "0001_effect": "create table effect (n int, attempt int)" } });
const aside = database("aside");
const mails = queue<number>("mails", { key: () => "all", maxLength: 3 });
const jobs = queue<number>("jobs");
const placed = topic<number>("placed");
const seen: unknown[] = [];
const mailer = service(
  "mailer",
  consume(mails, (n) => void seen.push(n)),
);
const booker = service(
  "booker",
  consume(
    jobs,
    async (n, { tx, attempt }) => {
      seen.push(`job ${n}, attempt ${attempt}`);
      await tx.insert("effect", { n, attempt });
      await mails.send(n, { tx });
      if (n < 0 && attempt === 1) throw new Error("again");
    },
    { tx: orders },
  ),
  { uses: [mails] },
);
const audits = ["audit", "other"].map((name) =>
  service(
    name,
    subscribe(placed, (n) => void seen.push(`${name} ${n}`)),
  ),
);

let app: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  app = await start(mailer, booker, ...audits, orders, aside, mails, jobs, placed, { time: "virtual", log: () => {} });
}, 60_000);
afterAll(() => app.close());
beforeEach(async () => {
  seen.splice(0);
  await orders.sql`delete from effect`;
});

const effectsOf = async () => [...(await orders.sql`select n, attempt from effect order by n`)];
const countOf = async (table: string) => (await orders.sql`select from ${orders.sql.id("hadron", table)}`).count;
const losing = (kind: Operation["kind"], most: number) => {
  let lost = 0;
  const isIt = ({ procedure, input }: PassingCall) =>
    procedure === "commit" && (input as { operations: Operation[] }).operations.some((found) => found.kind === kind);
  return (passing: PassingCall) => (isIt(passing) && lost++ < most ? "lost" : undefined);
};

test("what a transaction sends is worked on once it is committed, in order, and never where it is not", async () => {
  const failing = orders.transaction(async (tx) => {
    await mails.send(-1, { tx });
    await placed.send(-1, { tx });
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  const numbers = Array.from({ length: 120 }, (_, n) => n);
  await orders.transaction(async (tx) => {
    for (const n of numbers) expect(await mails.send(n, { tx })).toEqual({ duplicate: false });
    await app.advance("1m");
    expect(seen).toEqual([]);
  });
  await app.advance(1000);
  expect(seen).toEqual(numbers);
  expect(await countOf("outbox")).toBe(0);
});

test("a topic, a delay and an id are as they are without a transaction", async () => {
  await orders.transaction(async (tx) => {
    await placed.send(1, { tx });
    await mails.send(2, { tx, delayMs: 60_000, id: "two" });
    await mails.send(3, { tx, id: "two" });
  });
  await app.advance("59s");
  expect(seen.toSorted()).toEqual(["audit 1", "other 1"]);
  await app.advance("2s");
  expect(seen).toContain(2);
  expect(seen).not.toContain(3);
  expect(await mails.send(4, { id: "two" })).toEqual({ duplicate: true });
});

test("a store that is away when a transaction is committed has what it sent when it is back", async () => {
  const store = app.replica("hadron.store");
  store.kill({ away: true });
  await orders.transaction((tx) => mails.send(5, { tx }));
  await app.advance("1m");
  expect([seen, await countOf("outbox")]).toEqual([[], 1]);
  store.restart();
  await app.advance("1s");
  expect([seen, await countOf("outbox")]).toEqual([[5], 0]);
});

test("a store that was not told that a transaction was committed looks by itself", async () => {
  const store = app.replica("hadron.store");
  store.intercept({ call: ({ procedure }) => (procedure === "relay" ? "lost" : undefined) });
  await orders.transaction((tx) => mails.send(6, { tx }));
  await app.advance("61s");
  store.intercept(undefined);
  expect(seen).toEqual([6]);
});

test("what waits in a database is told by queue, and one that cannot be moved from is tried again", async () => {
  await orders.sql`create function keep() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`;
  await orders.sql`create trigger keep before delete on hadron.outbox for each statement execute function keep()`;
  await orders.transaction(async (tx) => {
    for (const n of [1, 2]) await mails.send(n, { tx, delayMs: 120_000 });
    await placed.send(3, { tx });
  });
  await app.advance("1m");
  const backlog = (await app.call("hadron.store", "backlog", undefined)) as { queue: string; waiting: number }[];
  expect(new Map(backlog.map(({ queue, waiting }) => [queue, waiting]))).toEqual(
    new Map([
      ["mails", 2],
      ["topic/placed/audit", 1],
      ["topic/placed/other", 1],
    ]),
  );
  await orders.sql`drop trigger keep on hadron.outbox`;
  await app.advance("5m");
  expect(await countOf("outbox")).toBe(0);
  expect(seen.toSorted()).toEqual([1, 2, "audit 3", "other 3"]);
});

test("what was moved and could not be removed from the outbox is not moved again, however late that is", async () => {
  await using store = new LocalStore();
  const warnings: string[] = [];
  const message = { queues: ["q"], body: new Uint8Array([1]), key: undefined, delayMs: 0 };
  const [waitingOf, clock] = [() => store.server.read([{ kind: "queue", queue: "q" }]), createSystemClock()];
  await putIntoOutbox(aside.sql, { ...message, id: undefined });
  await aside.sql`create function keep() returns trigger language plpgsql as $$ begin raise exception 'cut off'; end $$`;
  await aside.sql`create trigger keep before delete on hadron.outbox for each statement execute function keep()`;
  const relay = () => {
    const connect = async () => {
      const client = new pg.Client(await aside.url());
      await client.connect();
      return client;
    };
    const made = new Relay({
      database: "aside",
      store: store.server,
      connect,
      clock,
      warn: (text) => warnings.push(text),
    });
    return { ended: made.run(), close: () => made.close() };
  };
  const first = relay();
  await expect.poll(waitingOf, { timeout: 20_000 }).toMatchObject([{ waiting: 1 }]);
  await expect.poll(() => warnings, { timeout: 20_000 }).toEqual([expect.stringContaining("cut off")]);
  first.close();
  await first.ended;
  expect((await aside.sql`select from hadron.outbox`).count).toBe(1);
  // Names of messages are forgotten after a day.
  store.time.advance(25 * 3_600_000);
  await settle();
  await aside.sql`drop trigger keep on hadron.outbox`;
  const second = relay();
  await putIntoOutbox(aside.sql, { ...message, id: undefined });
  await expect.poll(async () => (await aside.sql`select from hadron.outbox`).count, { timeout: 20_000 }).toBe(0);
  second.close();
  await second.ended;
  expect(await waitingOf()).toMatchObject([{ waiting: 2 }]);
});

test("a message that comes again has its effects once, also the messages that it sends", async () => {
  const store = app.replica("hadron.store");
  store.intercept({ call: losing("finish", 1) });
  await jobs.send(8);
  await app.advance("5m");
  store.intercept(undefined);
  expect(await effectsOf()).toEqual([{ n: 8, attempt: 1 }]);
  expect(seen).toEqual(["job 8, attempt 1", 8]);
  expect(await jobs.pending()).toEqual({ waiting: 0, working: 0, dead: 0 });
  expect(await countOf("inbox")).toBe(0);
});

test("a handler that throws has no effects, and those of its next attempt", async () => {
  await jobs.send(-9);
  await app.advance("5m");
  expect(await effectsOf()).toEqual([{ n: -9, attempt: 2 }]);
  expect(seen).toEqual(["job -9, attempt 1", "job -9, attempt 2", -9]);
});

test("which effects a message had is known as long as it may come, and forgotten by the next consumer where the one that knew died", async () => {
  const store = app.replica("hadron.store");
  const worker = app.replica(booker);
  const lose = losing("finish", Number.POSITIVE_INFINITY);
  store.intercept({ call: lose });
  await jobs.send(10);
  await app.advance("10s");
  worker.kill({ away: true });
  store.intercept(undefined);
  await app.advance("6h");
  expect(await countOf("inbox")).toBe(1);
  worker.restart();
  await app.advance("1m");
  expect(await effectsOf()).toEqual([{ n: 10, attempt: 1 }]);
  expect(await countOf("inbox")).toBe(0);
  // One that was finished, and could not be forgotten.
  await orders.sql`insert into hadron.inbox (number, at, source) values (1, 1, 'jobs')`;
  worker.restart();
  await app.advance("1m");
  expect(await countOf("inbox")).toBe(0);
});

test("what comes after its transaction is over is refused, and so is what is no transaction", async () => {
  let late: Transaction | undefined;
  await orders.transaction(async (tx) => {
    late = tx;
  });
  if (late === undefined) throw new Error("no transaction");
  await expect(mails.send(11, { tx: late })).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  await expect(mails.send(11, { tx: orders as never })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  expect(() => consume(mails, () => {}, { tx: mails as never })).toThrow(/tx is no database/);
});

test("tx is there where it was asked for alone", () => {
  consume(
    mails,
    (n, { tx }) => [expectTypeOf(n).toEqualTypeOf<number>(), expectTypeOf(tx).toEqualTypeOf<Transaction>()],
    {
      tx: orders,
    },
  );
  // @ts-expect-error: no transaction was asked for
  consume(mails, (_, { tx }) => tx);
});

test.each([1])(
  "whoever is killed: what was ordered is booked and told of once, and nothing is left (seed %i)",
  async (seed) => {
    const kept = await runConservation(seed, { orders: 30, kills: 10, server: false });
    expect(findFault(kept)).toBeUndefined();
    expect(kept.ordered.length).toBeGreaterThan(15);
    expect(findFault({ ...kept, told: kept.told.slice(1) })).toMatch(/told/);
  },
  120_000,
);
