import { expect, test } from "vitest";
import type { SetEntries } from "../operations.ts";
import type { Start } from "./start.ts";
import { bytes, readText, set, text } from "./test-client.ts";

/** What is set, read, listed and runs out. */
export function describeEntries(name: string, start: Start): void {
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
    const [version = 0] = (await client.do(set("s", "k", "one", { ifVersion: 0 }))).versions;
    expect(await client.refusal(set("s", "k", "two", { ifVersion: 0 }))).toBe("ABORTED");
    expect(await client.refusal(set("s", "k", "two", { ifVersion: version + 1 }))).toBe("ABORTED");
    expect(await readText(driver, "s", "k")).toBe("one");
    await client.do(set("s", "k", "two", { ifVersion: version }));
    expect(await readText(driver, "s", "k")).toBe("two");
  });

  test(`${name}: a key that was deleted and written again has a version that it never had`, async () => {
    const { store, client } = await start();
    await using _ = store;
    const [first = 0] = (await client.do(set("s", "k", "a"))).versions;
    const remove = { kind: "delete", store: "s", key: "k", ifVersion: undefined, fence: undefined } as const;
    expect(await client.do(remove)).toEqual({ existed: true });
    expect(await client.do(remove)).toEqual({ existed: false });
    const [second] = (await client.do(set("s", "k", "a"))).versions;
    expect(second).toBeGreaterThan(first);
    expect(await client.refusal({ ...remove, ifVersion: first })).toBe("ABORTED");
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

  test(`${name}: what has ended is told in order, in bounded pieces, by the store's clock, and when the next will`, async () => {
    const { store, driver, client, time } = await start();
    await using _ = store;
    const at = (await driver.read({ kind: "time" })) + 1000;
    for (const key of ["b", "ä", "a"]) await client.do(set("s", key, "v", { ttlMs: 1000 }));
    await client.do(set("t", "late", "v", { ttlMs: 5000 }));
    await client.do(set("s", "stays", "v"));
    let from = { at: 0, store: "", key: "" };
    const look = (most: number) => driver.read({ kind: "ended", from, aheadMs: 0, most });
    expect(await look(9)).toEqual({ ended: [], now: at - 1000, nextInMs: 1000 });
    time.advance(1000);
    const first = await look(2);
    expect(first.ended).toEqual(["a", "b"].map((key) => ({ at, store: "s", key })));
    from = first.ended[1] ?? from;
    expect(await look(2)).toEqual({ ended: [{ at, store: "s", key: "ä" }], now: at, nextInMs: 4000 });
    from = { at: at + 1, store: "", key: "" };
    time.advance(4000);
    expect(await look(9)).toMatchObject({ ended: [{ store: "t", key: "late" }], nextInMs: undefined });
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
}
