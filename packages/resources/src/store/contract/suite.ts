import { expect, test } from "vitest";
import type { StoreDriver } from "./driver.ts";
import type { Claim, Message, Operation, Outcome, Results, Send, SetEntries } from "./operations.ts";
import type { TimeSource } from "./store-clock.ts";

/** Time that a test moves. */
export class TestTime implements TimeSource {
  #now = 0;
  #wall = Date.UTC(2030, 0, 1);
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wall;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Chance without surprises. */
  random(): number {
    return 0.5;
  }

  turn(callback: () => void): void {
    setImmediate(callback);
  }

  /** Timers that nobody took back. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on, and calls back what is due on the way. */
  advance(ms: number): void {
    this.#now += ms;
    this.#wall += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }

  /** Somebody sets the system's clock. */
  setWall(ms: number): void {
    this.#wall += ms;
  }
}

/** One driver under test. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly driver: StoreDriver;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : new TextDecoder().decode(value));

/** The number of the one message there is. */
function only(messages: readonly Message[]): number {
  expect(messages).toHaveLength(1);
  return messages[0]?.message ?? 0;
}

/** A client that sends a batch at a time, and expects it to be done. */
export class TestClient {
  readonly #driver: StoreDriver;
  readonly name: string;
  #number = 0;

  constructor(driver: StoreDriver, name = "client") {
    this.#driver = driver;
    this.name = name;
  }

  async outcomes(...operations: readonly Operation[]): Promise<readonly Outcome[]> {
    const number = ++this.#number;
    const [outcomes] = await this.#driver.commit([{ client: this.name, number, settled: number, operations }]);
    return outcomes!;
  }

  async do<O extends Operation>(operation: O): Promise<Results[O["kind"]]> {
    const [outcome] = await this.outcomes(operation);
    if (outcome === undefined || "refused" in outcome) throw new Error(`refused: ${outcome?.refused.message}`);
    return outcome.ok as Results[O["kind"]];
  }

  /** The code with which it is refused. */
  async refusal(operation: Operation): Promise<string | undefined> {
    const [outcome] = await this.outcomes(operation);
    return outcome !== undefined && "refused" in outcome ? outcome.refused.code : undefined;
  }
}

export function set(
  store: string,
  key: string,
  value: string,
  options: Partial<Pick<SetEntries, "ttlMs" | "fence">> & { readonly ifVersion?: number } = {},
): SetEntries {
  const { ttlMs, fence, ifVersion } = options;
  return { kind: "set", store, entries: [{ key, value: bytes(value), ifVersion }], ttlMs, fence };
}

export function send(queue: string, body: string, options: Partial<Omit<Send, "kind" | "queues" | "body">> = {}): Send {
  const { id, key, delayMs = 0, maxLength } = options;
  return { kind: "send", queues: [queue], body: bytes(body), id, key, delayMs, maxLength };
}

export function claim(queue: string, options: Partial<Omit<Claim, "kind" | "queue">> = {}): Claim {
  const { holder = "worker", most = 10, leaseMs = 10_000, mostAttempts = 3 } = options;
  return { kind: "claim", queue, holder, most, leaseMs, mostAttempts };
}

/**
 * What every driver promises.
 *
 * @param open Opens a store of its own, empty. `time`: what its clock goes by.
 */
export function describeStore(name: string, open: (time: TimeSource) => Promise<StoreUnderTest>): void {
  async function start() {
    const time = new TestTime();
    const store = await open(time);
    return { time, store, driver: store.driver, client: new TestClient(store.driver) };
  }
  const readText = async (driver: StoreDriver, store: string, key: string) => {
    const [entry] = await driver.read({ kind: "get", store, keys: [key] });
    return text(entry?.value);
  };

  test(`${name}: what was set is read, with its version; another store of the app has its own`, async () => {
    const { store, driver, client } = await start();
    await using _ = store;
    const { versions } = await client.do(set("carts", "ann", "one"));
    const [found, absent] = await driver.read({ kind: "get", store: "carts", keys: ["ann", "bob"] });
    expect(text(found?.value)).toBe("one");
    expect(found?.version).toBe(versions[0]);
    expect(absent).toBeUndefined();
    expect(await readText(driver, "other", "ann")).toBeUndefined();
  });

  test(`${name}: ifVersion writes over that version alone; 0 means absent`, async () => {
    const { store, driver, client } = await start();
    await using _ = store;
    const { versions } = await client.do(set("s", "k", "one", { ifVersion: 0 }));
    expect(await client.refusal(set("s", "k", "two", { ifVersion: 0 }))).toBe("ABORTED");
    expect(await client.refusal(set("s", "k", "two", { ifVersion: versions[0]! + 1 }))).toBe("ABORTED");
    expect(await readText(driver, "s", "k")).toBe("one");
    await client.do(set("s", "k", "two", { ifVersion: versions[0]! }));
    expect(await readText(driver, "s", "k")).toBe("two");
  });

  test(`${name}: a key that was deleted and written again has a version that it never had`, async () => {
    const { store, client } = await start();
    await using _ = store;
    const { versions: first } = await client.do(set("s", "k", "a"));
    const remove = { kind: "delete", store: "s", key: "k", ifVersion: undefined, fence: undefined } as const;
    expect(await client.do(remove)).toEqual({ existed: true });
    expect(await client.do(remove)).toEqual({ existed: false });
    const { versions: second } = await client.do(set("s", "k", "a"));
    expect(second[0]).toBeGreaterThan(first[0]!);
    expect(await client.refusal({ ...remove, ifVersion: first[0]! })).toBe("ABORTED");
  });

  test(`${name}: several entries are written together or not at all`, async () => {
    const { store, driver, client } = await start();
    await using _ = store;
    const both = (ifVersion: number): SetEntries => ({
      kind: "set",
      store: "s",
      ttlMs: undefined,
      fence: undefined,
      entries: [
        { key: "a", value: bytes("1"), ifVersion: undefined },
        { key: "b", value: bytes("2"), ifVersion },
      ],
    });
    expect(await client.refusal(both(7))).toBe("ABORTED");
    expect(await readText(driver, "s", "a")).toBeUndefined();
    await client.do(both(0));
    expect(await readText(driver, "s", "a")).toBe("1");
    expect(await readText(driver, "s", "b")).toBe("2");
  });

  test(`${name}: an entry is absent when its time is over, to reads, lists and conditions`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    await client.do(set("s", "k", "v", { ttlMs: 1000 }));
    time.advance(999);
    expect(await readText(driver, "s", "k")).toBe("v");
    time.advance(1);
    expect(await readText(driver, "s", "k")).toBeUndefined();
    expect(await driver.read({ kind: "list", store: "s", prefix: "", after: undefined, most: 10 })).toEqual([]);
    await client.do(set("s", "k", "new", { ifVersion: 0 }));
    expect(await client.do({ kind: "sweep", deadLetterMs: 1000 })).toEqual({ more: false });
    expect(await readText(driver, "s", "k")).toBe("new");
  });

  test(`${name}: lists go by the bytes of UTF-8, from behind a key, as far as the prefix`, async () => {
    const { store, driver, client } = await start();
    await using _ = store;
    // In UTF-16, as JavaScript compares, the emoji would come before U+FFFD.
    const keys = ["a", "a/1", "a/10", "a/2", "b", "ä", "\u{FFFD}", "\u{1F600}", "%", "'", "a/\u{10FFFF}"];
    for (const key of keys) await client.do(set("s", key, "v"));
    const list = async (prefix: string, after: string | undefined, most: number) =>
      (await driver.read({ kind: "list", store: "s", prefix, after, most })).map(({ key }) => key);
    const inOrder = keys.toSorted((first, second) => Buffer.compare(Buffer.from(first), Buffer.from(second)));
    expect(await list("", undefined, 100)).toEqual(inOrder);
    expect(await list("a/", undefined, 100)).toEqual(["a/1", "a/10", "a/2", "a/\u{10FFFF}"]);
    expect(await list("a/", "a/10", 1)).toEqual(["a/2"]);
    expect(await list("zzz", undefined, 100)).toEqual([]);
  });

  test(`${name}: a batch that comes again is not done again, and is answered as before`, async () => {
    const { store, driver } = await start();
    await using _ = store;
    const batch = {
      client: "c",
      number: 1,
      settled: 1,
      operations: [send("q", "once"), set("s", "k", "v", { ifVersion: 0 })],
    };
    const [first] = await driver.commit([batch]);
    const [second] = await driver.commit([batch]);
    expect(second).toEqual(first);
    expect(await driver.read({ kind: "queue", queue: "q" })).toMatchObject({ waiting: 1 });
    // Another client's batch of the same number is another batch.
    await driver.commit([{ ...batch, client: "d" }]);
    expect(await driver.read({ kind: "queue", queue: "q" })).toMatchObject({ waiting: 2 });
  });

  test(`${name}: a message is claimed by one, worked on, and gone when it is finished`, async () => {
    const { store, driver, client } = await start();
    await using _ = store;
    await client.do(send("q", "hello"));
    const { messages } = await client.do(claim("q"));
    expect(messages.map(({ body, attempt }) => [text(body), attempt])).toEqual([["hello", 1]]);
    expect(await client.do(claim("q", { holder: "other" }))).toEqual({ messages: [] });
    const { message, attempt } = messages[0]!;
    await client.do({ kind: "finish", queue: "q", message, attempt });
    expect(await driver.read({ kind: "queue", queue: "q" })).toEqual({ waiting: 0, working: 0, dead: 0 });
    expect(await client.refusal({ kind: "finish", queue: "q", message, attempt })).toBe("ABORTED");
  });

  test(`${name}: a message whose lease ended goes to another, and the late one is refused`, async () => {
    const { store, client, time } = await start();
    await using _ = store;
    await client.do(send("q", "m"));
    const [first] = (await client.do(claim("q", { leaseMs: 1000 }))).messages;
    time.advance(500);
    await client.do({ kind: "extend", queue: "q", message: first!.message, attempt: 1, leaseMs: 1000 });
    time.advance(999);
    expect((await client.do(claim("q"))).messages).toEqual([]);
    time.advance(1);
    const late = { queue: "q", message: first!.message, attempt: 1 };
    expect(await client.refusal({ kind: "extend", ...late, leaseMs: 1000 })).toBe("ABORTED");
    const [second] = (await client.do(claim("q"))).messages;
    expect(second).toMatchObject({ message: first!.message, attempt: 2 });
    expect(await client.refusal({ kind: "finish", ...late })).toBe("ABORTED");
    expect(await client.refusal({ kind: "fail", ...late, retryInMs: 0, reason: "late" })).toBe("ABORTED");
    expect(await client.refusal({ kind: "give-back", ...late })).toBe("ABORTED");
  });

  test(`${name}: a message that is never finished ends as a dead letter, and is told why`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    await client.do(send("q", "poison"));
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect((await client.do(claim("q", { leaseMs: 1000, mostAttempts: 3 }))).messages).toHaveLength(1);
      time.advance(1000);
    }
    expect((await client.do(claim("q", { mostAttempts: 3 }))).messages).toEqual([]);
    const [letter] = await driver.read({ kind: "dead", queue: "q", after: 0, most: 10 });
    expect(letter?.reason).toMatch(/claimed 3 times/);
    expect(text(letter?.body)).toBe("poison");
    expect(await client.do({ kind: "dead-letters", queue: "q", action: "retry", message: letter!.message })).toEqual({
      count: 1,
    });
    expect((await client.do(claim("q"))).messages).toMatchObject([{ attempt: 1 }]);
  });

  test(`${name}: a failed message waits its time; one that is not to be retried is dead; one given back was not tried`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    await client.do(send("q", "m"));
    const message = only((await client.do(claim("q"))).messages);
    await client.do({ kind: "give-back", queue: "q", message, attempt: 1 });
    expect((await client.do(claim("q"))).messages).toMatchObject([{ attempt: 1 }]);
    await client.do({ kind: "fail", queue: "q", message, attempt: 1, retryInMs: 5000, reason: "boom" });
    expect(await driver.read({ kind: "queue", queue: "q" })).toMatchObject({ waiting: 1, nextInMs: 5000 });
    time.advance(4999);
    expect((await client.do(claim("q"))).messages).toEqual([]);
    time.advance(1);
    expect((await client.do(claim("q"))).messages).toMatchObject([{ attempt: 2 }]);
    await client.do({ kind: "fail", queue: "q", message, attempt: 2, retryInMs: undefined, reason: "bad input" });
    expect(await driver.read({ kind: "dead", queue: "q", after: 0, most: 10 })).toMatchObject([
      { reason: "bad input" },
    ]);
    expect(await client.do({ kind: "dead-letters", queue: "q", action: "drop", message: undefined })).toEqual({
      count: 1,
    });
    expect(await client.refusal({ kind: "dead-letters", queue: "q", action: "drop", message })).toBe("NOT_FOUND");
  });

  test(`${name}: messages of one key are worked on in order, one at a time; other keys go on`, async () => {
    const { store, client, time } = await start();
    await using _ = store;
    for (const [key, body] of [
      ["a", "a1"],
      ["b", "b1"],
      ["a", "a2"],
      ["a", "a3"],
    ])
      await client.do(send("q", body!, { key: key! }));
    const take = async () => (await client.do(claim("q"))).messages;
    const first = await take();
    expect(first.map(({ body }) => text(body))).toEqual(["a1", "b1"]);
    expect(await take()).toEqual([]);
    // A retry keeps its place before those behind it.
    const a1 = first[0]!;
    await client.do({ kind: "fail", queue: "q", message: a1.message, attempt: 1, retryInMs: 1000, reason: "again" });
    expect(await take()).toEqual([]);
    time.advance(1000);
    expect((await take()).map(({ body }) => text(body))).toEqual(["a1"]);
    await client.do({ kind: "finish", queue: "q", message: a1.message, attempt: 2 });
    const [a2] = await take();
    expect(text(a2?.body)).toBe("a2");
    await client.do({
      kind: "fail",
      queue: "q",
      message: a2!.message,
      attempt: 1,
      retryInMs: undefined,
      reason: "bad",
    });
    expect((await take()).map(({ body }) => text(body))).toEqual(["a3"]);
  });

  test(`${name}: an id is taken once a day`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    expect(await client.do(send("q", "m", { id: "7" }))).toEqual({ duplicate: false });
    expect(await client.do(send("q", "m", { id: "7" }))).toEqual({ duplicate: true });
    expect(await client.do(send("other", "m", { id: "7" }))).toEqual({ duplicate: false });
    const message = only((await client.do(claim("q"))).messages);
    await client.do({ kind: "finish", queue: "q", message, attempt: 1 });
    expect(await client.do(send("q", "m", { id: "7" }))).toEqual({ duplicate: true });
    time.advance(24 * 3_600_000);
    expect(await client.do(send("q", "m", { id: "7" }))).toEqual({ duplicate: false });
    expect(await driver.read({ kind: "queue", queue: "q" })).toMatchObject({ waiting: 1 });
  });

  test(`${name}: a full queue refuses; a delayed message waits; a topic's message goes to all of its queues or none`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    await client.do(send("q", "1", { maxLength: 2 }));
    await client.do(send("q", "2", { maxLength: 2, delayMs: 1000 }));
    expect(await client.refusal(send("q", "3", { maxLength: 2 }))).toBe("OVERLOADED");
    const toBoth: Send = { ...send("", "t", { maxLength: 2 }), queues: ["audit", "q"] };
    expect(await client.refusal(toBoth)).toBe("OVERLOADED");
    expect(await driver.read({ kind: "queue", queue: "audit" })).toMatchObject({ waiting: 0 });
    expect((await client.do(claim("q"))).messages.map(({ body }) => text(body))).toEqual(["1"]);
    time.advance(1000);
    expect((await client.do(claim("q"))).messages.map(({ body }) => text(body))).toEqual(["2"]);
    await client.do({ ...toBoth, maxLength: undefined });
    expect(await driver.read({ kind: "queue", queue: "audit" })).toMatchObject({ waiting: 1 });
  });

  test(`${name}: a lock has one holder; tokens grow, also after it was released; a lease that ended is lost`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    const acquire = (holder: string) => client.do({ kind: "acquire", lock: "l", holder, leaseMs: 1000 });
    const first = (await acquire("a")) as { token: number };
    expect(await acquire("a")).toEqual(first);
    expect(await acquire("b")).toEqual({ heldBy: "a", forMs: 1000 });
    expect(await driver.read({ kind: "lock", lock: "l" })).toEqual({ holder: "a", token: first.token, forMs: 1000 });
    await client.do({ kind: "release", lock: "l", token: first.token });
    const second = (await acquire("b")) as { token: number };
    expect(second.token).toBeGreaterThan(first.token);
    time.advance(999);
    await client.do({ kind: "renew", lock: "l", token: second.token, leaseMs: 1000 });
    time.advance(1000);
    expect(await client.refusal({ kind: "renew", lock: "l", token: second.token, leaseMs: 1000 })).toBe("ABORTED");
    expect(await driver.read({ kind: "lock", lock: "l" })).toBeUndefined();
    const third = (await acquire("a")) as { token: number };
    expect(third.token).toBeGreaterThan(second.token);
    expect(await client.refusal({ kind: "release", lock: "l", token: second.token })).toBe("ABORTED");
  });

  test(`${name}: a write under a fence is refused once the lock is not held`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    const { token } = (await client.do({ kind: "acquire", lock: "l", holder: "a", leaseMs: 1000 })) as {
      token: number;
    };
    await client.do(set("s", "k", "held", { fence: token }));
    time.advance(1000);
    expect(await client.refusal(set("s", "k", "stale", { fence: token }))).toBe("ABORTED");
    await client.do({ kind: "acquire", lock: "l", holder: "b", leaseMs: 1000 });
    expect(await client.refusal(set("s", "k", "stale", { fence: token }))).toBe("ABORTED");
    expect(await readText(driver, "s", "k")).toBe("held");
  });

  test(`${name}: nobody who sets the system's clock ends a lease or makes it longer`, async () => {
    const { store, client, time } = await start();
    await using _ = store;
    await client.do({ kind: "acquire", lock: "l", holder: "a", leaseMs: 1000 });
    time.setWall(3_600_000);
    expect(await client.do({ kind: "acquire", lock: "l", holder: "b", leaseMs: 1000 })).toMatchObject({ heldBy: "a" });
    time.setWall(-7_200_000);
    time.advance(1000);
    expect(await client.do({ kind: "acquire", lock: "l", holder: "b", leaseMs: 1000 })).toMatchObject({
      token: expect.any(Number),
    });
  });

  test("contents say what is kept, messages what waits; what is dropped is gone, and what is moved has another name", async () => {
    await using store = await open(new TestTime());
    const client = new TestClient(store.driver);
    await client.outcomes(
      set("carts", "ann", "12345"),
      set("carts", "bob", "1", { ttlMs: 5 }),
      set("scoped/n", "x", "1"),
    );
    await client.outcomes(send("emails", "one", { key: "k" }), send("emails", "two", { key: "k", delayMs: 0 }));
    const contents = await store.driver.read({ kind: "contents" });
    expect(contents.stores.map(({ name, entries }) => [name, entries])).toEqual([
      ["carts", 2],
      ["scoped/n", 1],
    ]);
    expect(contents.queues).toMatchObject([{ name: "emails", waiting: 2, working: 0, dead: 0, bytes: 6 }]);
    const messages = await store.driver.read({ kind: "messages", queue: "emails", after: 0, most: 10 });
    expect(messages.map(({ body, state }) => [text(body), state])).toEqual([
      ["one", "waiting"],
      ["two", "behind"],
    ]);
    expect(await client.do({ kind: "move", what: "store", from: "carts", to: "baskets" })).toEqual({ count: 2 });
    await client.outcomes(set("carts", "new", "1"));
    expect(await client.do({ kind: "move", what: "store", from: "carts", to: "baskets" })).toEqual({ count: 0 });
    expect(await client.do({ kind: "drop", what: "queue", name: "emails" })).toEqual({ count: 2 });
    const after = await store.driver.read({ kind: "contents" });
    expect(after.queues).toEqual([]);
    expect(after.stores.map(({ name }) => name)).toEqual(["baskets", "carts", "scoped/n"]);
  });

  test(`${name}: a sweep forgets what is over, in bounded pieces, and nothing else`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    const entries = Array.from({ length: 2500 }, (_, index) => ({
      key: `k${index}`,
      value: bytes("v"),
      ifVersion: undefined,
    }));
    await client.do({ kind: "set", store: "s", entries, ttlMs: 10, fence: undefined });
    await client.do(set("s", "stays", "v"));
    await client.do(send("q", "m"));
    const message = only((await client.do(claim("q"))).messages);
    await client.do({ kind: "fail", queue: "q", message, attempt: 1, retryInMs: undefined, reason: "bad" });
    time.advance(60_000);
    const sweep = { kind: "sweep", deadLetterMs: 120_000 } as const;
    expect([await client.do(sweep), await client.do(sweep), await client.do(sweep)]).toEqual([
      { more: true },
      { more: true },
      { more: false },
    ]);
    expect(await driver.read({ kind: "queue", queue: "q" })).toMatchObject({ dead: 1 });
    time.advance(60_000);
    await client.do(sweep);
    expect(await driver.read({ kind: "queue", queue: "q" })).toMatchObject({ dead: 0 });
    expect(await readText(driver, "s", "stays")).toBe("v");
  });
}
