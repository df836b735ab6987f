import { type Context, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { scatter, shard } from "@hadron/patterns";
import { expect, test } from "vitest";
import { chooseShard } from "../src/rendezvous.ts";

const where = { where: (_: { key: string | number }, { replica }: Context) => replica.index };

test("the same key goes to the same shard, from every caller and after a restart", async () => {
  const store = service("store", shard(4, where, { by: (input) => input.key }));
  const caller = service("caller", (key: string) => store.where({ key }));
  await using app = await start(store, caller);
  const keys = Array.from({ length: 50 }, (_, n) => `key ${n}`);
  const first = await Promise.all(keys.map((key) => store.where({ key })));
  expect(new Set(first).size).toBe(4);
  expect(await Promise.all(keys.map((key) => caller(key)))).toEqual(first);
  for (const replica of app.replicas()) replica.restart();
  expect(await Promise.all(keys.map((key) => store.where({ key })))).toEqual(first);
});

test("keys stay where they are: another mapping would leave everybody's data behind", () => {
  const keys = ["", "a", "ann", "7", "order-1", "order-2", "zoë", "🙂", "key 49", "a much longer key, with a comma"];
  const owners = (count: number) => keys.map((key) => chooseShard(key, count));
  expect(owners(2)).toEqual([0, 0, 0, 1, 0, 1, 1, 0, 1, 1]);
  expect(owners(3)).toEqual([0, 0, 0, 1, 0, 2, 1, 0, 1, 2]);
  expect(owners(16)).toEqual([9, 13, 0, 5, 4, 2, 14, 15, 12, 10]);
  expect(owners(1000)).toEqual([871, 855, 792, 416, 683, 884, 710, 15, 405, 814]);
});

test("7 and '7' are one key", async () => {
  const store = service("store", shard(16, where, { by: (input) => input.key }));
  await using _app = await start(store);
  expect(await store.where({ key: 7 })).toBe(await store.where({ key: "7" }));
});

test.each([
  [undefined, "undefined"],
  [null, "null"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  [{}, "object"],
  [["7"], "object"],
  [true, "boolean"],
])("a key of %s is an error that names by, and says what it gave", async (key, gave) => {
  const store = service("store", shard(2, where, { by: (input) => input.key }));
  await using _app = await start(store);
  await expect(store.where({ key: key as never })).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining(`by(input) gave ${gave}, and should`),
  });
});

test("by that fails with what is no error says so, too", async () => {
  const by = () => {
    throw undefined;
  };
  const store = service("store", shard(2, where, { by }));
  await using _app = await start(store);
  await expect(store.where({ key: 1 })).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/failed with "undefined"/),
  });
});

test("by that fails on an input says so", async () => {
  const store = service("store", shard(2, where, { by: (input) => input.key }));
  await using app = await start(store);
  await expect(app.call("store", "where")).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/No key: by\(input\) failed/),
  });
  // @ts-expect-error: by is needed
  expect(() => shard(2, where)).toThrow("by is missing");
  // @ts-expect-error one function for all procedures
  expect(() => shard(2, where, { by: { where: () => "a" } })).toThrow("by is of type object");
});

test.each([1, 2, 4, 10, 33])(
  "growing from %i shards by one moves about as many keys as the new one gets, and only to it",
  (count) => {
    const keys = Array.from({ length: 20_000 }, (_, n) => `user-${n}`);
    const moved = keys.filter((key) => chooseShard(key, count) !== chooseShard(key, count + 1));
    expect(moved.every((key) => chooseShard(key, count + 1) === count)).toBe(true);
    const share = moved.length / keys.length;
    expect(share).toBeGreaterThan(0.85 / (count + 1));
    expect(share).toBeLessThan(1.15 / (count + 1));
  },
);

test("keys are spread evenly, short ones and numbers too", () => {
  for (const key of [(n: number) => String(n), (n: number) => `k${n}`, (n: number) => `tenant/${n}/x`]) {
    const counts = new Array<number>(8).fill(0);
    for (let n = 0; n < 16_000; n++) counts[chooseShard(key(n), 8)]!++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  }
});

test("a call to a shard that is away waits for it; one to another shard does not", async () => {
  const store = service("store", shard(2, where, { by: (input) => input.key }));
  await using app = await start(store);
  const keyOf = (wanted: number) => ["a", "b", "c", "d", "e", "f"].find((key) => chooseShard(key, 2) === wanted)!;
  app.replica("store.leaf", 0).kill({ away: true });
  const waiting = store.where({ key: keyOf(0) });
  expect(await store.where({ key: keyOf(1) })).toBe(1);
  app.replica("store.leaf", 0).restart();
  expect(await waiting).toBe(0);
});

test("a shard of scatters: each shard asks its own leaves", async () => {
  const leaf = ({ key }: { key: string }, { replica }: Context) => `${key}@${replica.name}`;
  const index = service(
    "index",
    shard(
      2,
      scatter(2, leaf, (it) => it),
      { by: ({ key }) => key },
    ),
  );
  await using _app = await start(index);
  const keyOf = (shard: number) => ["a", "b", "c", "d"].find((key) => chooseShard(key, 2) === shard);
  const [x, y] = [keyOf(0), keyOf(1)];
  expect(await index({ key: x! })).toEqual([`${x}@index.leaf.leaf.0`, `${x}@index.leaf.leaf.2`]);
  expect(await index({ key: y! })).toEqual([`${y}@index.leaf.leaf.1`, `${y}@index.leaf.leaf.3`]);
});
