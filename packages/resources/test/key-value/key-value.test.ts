import { expect, test } from "vitest";
import { z } from "zod";
import { KeyValueStore } from "../../src/key-value/key-value.ts";
import { LocalStore, settle } from "../local-link.ts";

const ANYTHING = { schema: undefined, upgrade: undefined };

function open<T>(store: LocalStore, check: ConstructorParameters<typeof KeyValueStore<T>>[0]["check"] = ANYTHING) {
  const client = store.client();
  return new KeyValueStore<T>({ name: "carts", check, ttlMs: undefined }, () => client);
}

test("values come back as they were, whatever a call can carry", async () => {
  await using store = new LocalStore();
  const carts = open<unknown>(store);
  const values = [
    null,
    undefined,
    0,
    -0,
    "ü\u0000",
    12n,
    new Date(5),
    new Map([["a", new Set([1])]]),
    [1.5],
    { a: { b: [] } },
  ];
  for (const [index, value] of values.entries()) {
    await carts.set(`k${index}`, value);
    expect(await carts.get(`k${index}`)).toEqual(value);
  }
  expect(await carts.get("absent")).toBeUndefined();
  expect(await carts.entry("k1")).toMatchObject({ key: "k1", value: undefined, version: expect.any(Number) });
});

test("what cannot be kept is refused before anything is sent", async () => {
  await using store = new LocalStore();
  const carts = open<unknown>(store);
  await expect(carts.set("", 1)).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/is empty/),
  });
  await expect(carts.set("a\0b", 1)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(carts.get("\ud800")).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(carts.set("ü".repeat(513), 1)).rejects.toMatchObject({ code: "TOO_LARGE" });
  await expect(carts.set("k", "x".repeat(2 ** 20))).rejects.toMatchObject({ code: "TOO_LARGE" });
  await expect(carts.set("k", { run: () => {} })).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/run/),
  });
  await expect(carts.set("k", 1, { ttlMs: 0 })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  expect(store.trips).toBe(0);
  await carts.set("ü".repeat(512), "x".repeat(2 ** 20 - 5));
});

test("keys with every strange character are keys of their own, and found by their beginning", async () => {
  await using store = new LocalStore();
  const carts = open<string>(store);
  const keys = [
    "'; drop table entry; --",
    "a\u0301",
    "á",
    "%",
    "_",
    "*",
    "\n",
    " ",
    "\u{10FFFF}",
    "\uFFFF",
    "../..",
    "x".repeat(1024),
  ];
  for (const key of keys) await carts.set(key, key);
  for (const key of keys) {
    expect(await carts.get(key)).toBe(key);
    const found = await Array.fromAsync(carts.list({ prefix: key }));
    expect(found.map((entry) => entry.key)).toEqual([key]);
  }
});

test("writes and reads of one turn share a trip", async () => {
  await using store = new LocalStore();
  const carts = open<number>(store);
  await Promise.all([carts.set("a", 1), carts.set("b", 2), carts.delete("c")]);
  expect(store.trips).toBe(1);
  expect(await Promise.all([carts.get("a"), carts.get("b"), carts.get("c")])).toEqual([1, 2, undefined]);
  expect(store.trips).toBe(2);
});

test("one refusal in a trip leaves the others of it alone", async () => {
  await using store = new LocalStore();
  const carts = open<number>(store);
  const [first, second] = await Promise.allSettled([carts.set("a", 1, { ifVersion: 5 }), carts.set("b", 2)]);
  expect(first).toMatchObject({ status: "rejected", reason: { code: "ABORTED" } });
  expect(second.status).toBe("fulfilled");
});

test("an update loses no change, however many change one key at once", async () => {
  await using store = new LocalStore();
  const writers = Array.from({ length: 8 }, () => open<number>(store));
  await Promise.all(
    writers.map(async (carts) => {
      for (let count = 0; count < 10; count++) await carts.update("n", (value = 0) => value + 1);
    }),
  );
  expect(await writers[0]?.get("n")).toBe(80);
});

test("an update that throws writes nothing", async () => {
  await using store = new LocalStore();
  const carts = open<{ items: string[] }>(store);
  await carts.set("ann", { items: [] });
  const failing = carts.update("ann", (cart) => {
    cart?.items.push("x");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await carts.get("ann")).toEqual({ items: [] });
});

test("lists are whole over many pages, and go by prefix", async () => {
  await using store = new LocalStore();
  const carts = open<number>(store);
  await carts.setMany(
    Array.from({ length: 250 }, (_, index) => ({ key: `n/${String(index).padStart(3, "0")}`, value: index })),
  );
  await carts.set("other", 1);
  const found = [];
  for await (const { value } of carts.list({ prefix: "n/" })) found.push(value);
  expect(found).toEqual(Array.from({ length: 250 }, (_, index) => index));
  const behind = [];
  for await (const { key } of carts.list({ prefix: "n/", after: "n/247" })) behind.push(key);
  expect(behind).toEqual(["n/248", "n/249"]);
});

test("a watcher is told what is there, and then what changes, until it leaves", async () => {
  await using store = new LocalStore();
  const carts = open<number>(store);
  await carts.set("a/1", 1);
  const seen: [string, number | undefined][] = [];
  const watching = (async () => {
    for await (const { key, entry } of carts.watch({ prefix: "a/" })) {
      seen.push([key, entry?.value]);
      if (entry?.value === 4) break;
    }
  })();
  await settle();
  await carts.set("a/2", 2);
  await carts.set("b", 3);
  await settle();
  await carts.delete("a/1");
  await settle();
  await carts.set("a/3", 4);
  await watching;
  expect(seen).toEqual([
    ["a/1", 1],
    ["a/2", 2],
    ["a/1", undefined],
    ["a/3", 4],
  ]);
});

test("a watcher is told when an entry's time is over, also around a sweep, and not of one whose time begins anew", async () => {
  await using store = new LocalStore();
  const carts = open<number>(store);
  const seen: string[] = [];
  const watching = (async () => {
    for await (const { key, entry } of carts.watch()) {
      seen.push(`${key} ${entry?.value}`);
      if (key === "end") break;
    }
  })();
  await settle();
  const pass = async (ms: number) => {
    store.time.advance(ms);
    await settle();
    // What is told together with others waits a little.
    store.time.advance(20);
    await settle();
  };
  await carts.set("a", 1, { ttlMs: 1000 });
  await carts.set("b", 2, { ttlMs: 1500 });
  await carts.set("c", 3, { ttlMs: 59_990 });
  await settle();
  await pass(900);
  await carts.set("a", 4, { ttlMs: 5000 });
  await pass(600);
  expect(seen).toEqual(["a 1", "b 2", "c 3", "a 4", "b undefined"]);
  await pass(5000);
  expect(seen.slice(5)).toEqual(["a undefined"]);
  // One ends between the look before a sweep and the sweep.
  store.time.advance(60_000 - store.time.now());
  await settle();
  store.time.advance(1000);
  await settle();
  expect(new Set(seen.slice(6))).toEqual(new Set(["c undefined"]));
  await carts.set("end", 0);
  await watching;
  const idle = store.time.timers;
  await carts.set("d", 5, { ttlMs: 1000 });
  expect(store.time.timers).toBe(idle);
});

test("a value is checked when it is written and when it is read; an older one can be brought up to date", async () => {
  await using store = new LocalStore();
  const loose = open<unknown>(store);
  const Cart = z.object({ items: z.array(z.string()) });
  const carts = open(store, { schema: Cart, upgrade: undefined });
  await expect(carts.set("ann", { items: [1] } as never)).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/"ann" of carts.*items\.0/),
  });
  await loose.set("ann", ["old form"]);
  await expect(carts.get("ann")).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringMatching(/"ann" of carts.*upgrade/),
  });
  expect(await loose.get("ann")).toEqual(["old form"]);
  const upgraded = open(store, { schema: Cart, upgrade: (old) => ({ items: old as string[] }) });
  expect(await upgraded.get("ann")).toEqual({ items: ["old form"] });
});
