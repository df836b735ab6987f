import { type Delivery, HadronError } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { z } from "zod";
import { Consumer, type ConsumerSettings } from "../../src/queue/consumer.ts";
import { Sender } from "../../src/queue/queue.ts";
import { LocalStore, settle } from "../local-link.ts";

const ANYTHING = { schema: undefined, upgrade: undefined };

function sender(store: LocalStore, options: Partial<ConstructorParameters<typeof Sender<unknown>>[0]> = {}) {
  const client = store.client();
  return new Sender<unknown>(
    { name: "emails", queues: () => ["emails"], check: ANYTHING, key: undefined, maxLength: undefined, ...options },
    () => client,
  );
}

function consumer(
  store: LocalStore,
  handle: (message: any, delivery: Delivery) => unknown,
  settings: Partial<ConsumerSettings<any>> = {},
) {
  const warnings: string[] = [];
  const made = new Consumer<any>(
    { queue: "emails", check: ANYTHING, retries: 2, concurrency: 4, leaseMs: 9000, timeoutMs: 60_000, ...settings },
    { client: store.client(), handle, warn: (text) => warnings.push(text) },
  );
  made.start();
  return { stop: () => made.stop(), warnings };
}

const stateOf = async (store: LocalStore) => (await store.server.read([{ kind: "queue", queue: "emails" }]))[0];
const deadOf = async (store: LocalStore) =>
  (await store.server.read([{ kind: "dead", queue: "emails", after: 0, most: 10 }]))[0];

test("messages reach a handler once each, whoever of several consumers has it, and are gone then", async () => {
  await using store = new LocalStore();
  const seen: unknown[] = [];
  const consumers = [
    consumer(store, (message) => seen.push(message)),
    consumer(store, (message) => seen.push(message)),
  ];
  const emails = sender(store);
  await settle();
  await Promise.all(Array.from({ length: 50 }, (_, index) => emails.send({ index })));
  await settle();
  expect(seen).toHaveLength(50);
  expect(new Set(seen.map((message) => JSON.stringify(message))).size).toBe(50);
  expect(await stateOf(store)).toEqual({ waiting: 0, working: 0, dead: 0 });
  await Promise.all(consumers.map(({ stop }) => stop()));
});

test("a failure comes again after a while, and after its last attempt is a dead letter with its reason", async () => {
  await using store = new LocalStore();
  const attempts: [number, string][] = [];
  const { stop, warnings } = consumer(store, (_, { attempt, id }) => {
    attempts.push([attempt, id]);
    throw new Error("no such mailbox");
  });
  await sender(store).send("hello", { id: "mail-1" });
  await settle();
  expect(attempts).toEqual([[1, "mail-1"]]);
  store.time.advance(499);
  await settle();
  expect(attempts).toHaveLength(1);
  store.time.advance(1);
  await settle();
  store.time.advance(1000);
  await settle();
  expect(attempts).toEqual([
    [1, "mail-1"],
    [2, "mail-1"],
    [3, "mail-1"],
  ]);
  expect(await deadOf(store)).toMatchObject([{ reason: "no such mailbox", attempt: 3 }]);
  expect(warnings.at(-1)).toMatch(/dead letter/);
  await stop();
});

test("what can never succeed is dead at once: a message that does not fit, or an error that says so", async () => {
  await using store = new LocalStore();
  const emails = sender(store);
  await emails.send({ to: 5 });
  await emails.send({ to: "gone" });
  const handled: unknown[] = [];
  const { stop } = consumer(
    store,
    (message) => {
      handled.push(message);
      throw new HadronError("NOT_FOUND", "There is no such user.");
    },
    { check: { schema: z.object({ to: z.string() }), upgrade: undefined } },
  );
  await settle();
  expect(handled).toEqual([{ to: "gone" }]);
  expect(await deadOf(store)).toMatchObject([
    { attempt: 1, reason: expect.stringMatching(/does not fit its schema: to/) },
    { attempt: 1, reason: "There is no such user." },
  ]);
  await stop();
});

test("no more are at work than are allowed", async () => {
  await using store = new LocalStore();
  const letGo: (() => void)[] = [];
  const { stop } = consumer(store, () => new Promise<void>((resolve) => letGo.push(resolve)), { concurrency: 2 });
  const emails = sender(store);
  for (let count = 0; count < 5; count++) await emails.send(count);
  await settle();
  expect(letGo).toHaveLength(2);
  letGo[0]?.();
  await settle();
  expect(letGo).toHaveLength(3);
  for (let index = 1; index < 5; index++) {
    letGo[index]?.();
    await settle();
  }
  await stop();
  expect(await stateOf(store)).toMatchObject({ waiting: 0, working: 0 });
});

test("a handler that takes long keeps its message; one that takes too long is told, and has failed", async () => {
  await using store = new LocalStore();
  let signal: AbortSignal | undefined;
  const { stop } = consumer(store, (_, delivery) => {
    signal = delivery.signal;
    return new Promise(() => {});
  });
  const idle = consumer(store, () => expect.unreachable("it is the other's"));
  await sender(store).send("slow");
  await settle();
  for (let step = 0; step < 19; step++) {
    store.time.advance(3000);
    await settle();
  }
  expect(signal?.aborted).toBe(false);
  store.time.advance(3000);
  await settle();
  expect(signal?.reason).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(await stateOf(store)).toMatchObject({ waiting: 1, working: 0 });
  await idle.stop();
  await stop();
});

test("a consumer that is cut off is told before another gets the message, and its late word does not count", async () => {
  await using store = new LocalStore();
  const letGo = Promise.withResolvers<void>();
  let signal: AbortSignal | undefined;
  const first = consumer(store, (_, delivery) => {
    signal = delivery.signal;
    return letGo.promise;
  });
  await sender(store).send("m");
  await settle();
  store.away = new Error("cut off");
  store.time.advance(3000);
  await settle();
  store.time.advance(3000);
  await settle();
  expect(signal?.aborted).toBe(true);
  store.away = undefined;
  store.time.advance(3000);
  const attempts: number[] = [];
  const second = consumer(store, (_, { attempt }) => attempts.push(attempt));
  await settle();
  expect(attempts).toEqual([2]);
  letGo.resolve();
  await settle();
  expect(await stateOf(store)).toMatchObject({ waiting: 0, working: 0, dead: 0 });
  await first.stop();
  await second.stop();
});

test("one that stops finishes what it has, and takes nothing more", async () => {
  await using store = new LocalStore();
  const letGo = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  const { stop } = consumer(store, async (message) => {
    seen.push(message);
    await letGo.promise;
  });
  const emails = sender(store);
  await emails.send("first");
  await settle();
  const stopped = stop();
  await emails.send("second");
  await settle();
  letGo.resolve();
  await stopped;
  expect(seen).toEqual(["first"]);
  expect(await stateOf(store)).toMatchObject({ waiting: 1, working: 0 });
});

test("sending checks the message, its id and its size before anything is sent; a duplicate says so", async () => {
  await using store = new LocalStore();
  const emails = sender(store, { check: { schema: z.object({ to: z.string() }), upgrade: undefined } });
  await expect(emails.send({ to: 1 })).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/to/),
  });
  await expect(emails.send({ to: "x".repeat(256 * 1024) })).rejects.toMatchObject({ code: "TOO_LARGE" });
  await expect(emails.send({ to: "a" }, { id: "" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(emails.send({ to: "a" }, { delayMs: -1 })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  expect(store.trips).toBe(0);
  expect(await emails.send({ to: "a" }, { id: "1" })).toEqual({ duplicate: false });
  expect(await emails.send({ to: "a" }, { id: "1" })).toEqual({ duplicate: true });
});

test("what the store hands out while a consumer stops is given back at once, and not counted as tried", async () => {
  await using store = new LocalStore();
  const emails = sender(store);
  const first = consumer(store, () => expect.unreachable("it was told to stop"));
  await settle();
  // Both are on their way: the store commits the message and hands it to the claim that is being ended.
  const sent = emails.send("m");
  const stopped = first.stop();
  await Promise.all([sent, stopped]);
  expect(await stateOf(store)).toMatchObject({ waiting: 1, working: 0 });
  const attempts: number[] = [];
  const second = consumer(store, (_, { attempt }) => attempts.push(attempt));
  await settle();
  expect(attempts).toEqual([1]);
  await second.stop();
  expect(store.time.timers).toBe(1);
});
