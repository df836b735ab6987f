import { expect, test } from "vitest";
import type { Start } from "./start.ts";
import { bytes, claim, only, readText, send, set, text } from "./test-client.ts";

/** What a store does for itself and for who looks after it: batches that come again, sweeps, contents. */
export function describeUpkeep(name: string, start: Start): void {
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

  test(`${name}: contents say what is kept, messages what waits; what is dropped is gone, and what is moved has another name`, async () => {
    const { store, client } = await start();
    await using _ = store;
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
