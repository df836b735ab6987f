import { type Clock, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { batch, cache, consume, debounce, workQueue } from "@hadron/patterns";
import { keyValue } from "@hadron/resources";
import { describe, expect, test } from "vitest";

describe("batch", () => {
  test("works once on what came within its time, in order, and no more than it takes", async () => {
    const batches: number[][] = [];
    const double = service(
      "double",
      batch(
        (inputs: number[]) => {
          batches.push(inputs);
          return inputs.map((n) => n * 2);
        },
        { most: 3, waitMs: 50 },
      ),
    );
    await using app = await start(double, { time: "virtual" });
    expect(await Promise.all([1, 2, 3, 4].map((n) => double(n)))).toEqual([2, 4, 6, 8]);
    expect(batches).toEqual([[1, 2, 3], [4]]);
    expect(app.clock.now()).toBeGreaterThanOrEqual(50);
  });

  test("an Error is one call's failure, a throw and a wrong number of outputs are all's", async () => {
    const odd = service(
      "odd",
      batch(
        (inputs: number[]) => {
          if (inputs.includes(0)) throw new Error("zero");
          if (inputs.includes(9)) return [];
          return inputs.map((n) => (n % 2 === 1 ? n : new Error(`${n} is even`)));
        },
        { most: 2 },
      ),
    );
    await using _app = await start(odd, { time: "virtual" });
    expect(await Promise.allSettled([odd(1), odd(2)])).toMatchObject([
      { value: 1 },
      { reason: { message: expect.stringContaining("2 is even") } },
    ]);
    expect(await Promise.allSettled([odd(0), odd(1)])).toMatchObject([
      { reason: { message: expect.stringContaining("zero") } },
      { reason: { message: expect.stringContaining("zero") } },
    ]);
    await expect(odd(9)).rejects.toMatchObject({ code: "INVALID_OUTPUT" });
  });

  test("who goes away is left out; the others' work goes on, with calls that have time of their own", async () => {
    const batches: number[][] = [];
    const slow = service("slow", async (n: number, { timeLeftMs }) => (timeLeftMs > 20_000 ? n : -1));
    const all = service(
      "all",
      batch(
        async (inputs: number[]) => {
          batches.push(inputs);
          return Promise.all(inputs.map((n) => slow(n)));
        },
        { waitMs: 50 },
      ),
      { uses: [slow] },
    );
    await using _app = await start(slow, all, { time: "virtual" });
    const given = new AbortController();
    const first = all.with({ signal: given.signal, timeoutMs: 1000 })(1);
    const second = all.with({ timeoutMs: 1000 })(2);
    given.abort();
    await expect(first).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await second).toBe(2);
    expect(batches).toEqual([[2]]);
  });
});

describe("debounce", () => {
  const pause = (clock: Clock, ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));

  test("works once when calls stop coming, on the last input, for each key", async () => {
    const done: string[] = [];
    const work = (doc: string) => {
      done.push(doc);
      return doc.toUpperCase();
    };
    const index = service("index", debounce(work, { waitMs: 100, key: (doc) => doc[0] ?? "" }));
    const caller = service("caller", async (_: undefined, { clock }) => {
      const first = [index("a1"), index("b1")];
      await pause(clock, 60);
      const second = index("a2");
      await pause(clock, 60);
      const soon = [...done];
      return { soon, outputs: await Promise.all([...first, second]), done };
    });
    await using _app = await start(index, caller, { time: "virtual" });
    expect(await caller()).toEqual({ soon: ["b1"], outputs: ["A2", "B1", "A2"], done: ["b1", "a2"] });
  });

  test("waits no longer than it may", async () => {
    let done = 0;
    const index = service(
      "index",
      debounce((_: number) => ++done, { waitMs: 100, mostMs: 250 }),
    );
    const caller = service("caller", async (_: undefined, { clock }) => {
      const calls: Promise<unknown>[] = [];
      for (let n = 0; n < 5; n++) {
        calls.push(index(n));
        await pause(clock, 60);
      }
      const soon = done;
      await Promise.all(calls);
      return [soon, done];
    });
    await using _app = await start(index, caller, { time: "virtual" });
    expect(await caller()).toEqual([1, 1]);
  });
});

describe("cache", () => {
  test("one works, all get it, until its time is over; failures are not kept", async () => {
    let made = 0;
    const slow = service(
      "slow",
      cache(
        async (n: number) => {
          made++;
          if (n < 0) throw new Error("no");
          return `${n}/${made}`;
        },
        { ttlMs: 1000 },
      ),
    );
    await using app = await start(slow, { time: "virtual" });
    expect(await Promise.all([slow(1), slow(1), slow(2)])).toEqual(["1/1", "1/1", "2/2"].sort());
    expect(await slow(1)).toBe("1/1");
    await app.advance(1001);
    expect(await slow(1)).toBe("1/3");
    await expect(slow(-1)).rejects.toThrow();
    await expect(slow(-1)).rejects.toThrow();
    expect(made).toBe(5);
  });

  test("what is over is given while a new one is made", async () => {
    let made = 0;
    const slow = service(
      "slow",
      cache(() => ++made, { ttlMs: 1000, staleMs: 10_000 }),
    );
    await using app = await start(slow, { time: "virtual" });
    expect(await slow(undefined)).toBe(1);
    await app.advance(5000);
    expect(await slow(undefined)).toBe(1);
    expect(await slow(undefined)).toBe(2);
    await app.advance(20_000);
    expect(await slow(undefined)).toBe(3);
  });

  test("kept in a keyValue it is all replicas', and a store that is away makes nothing fail", async () => {
    let made = 0;
    const kept = keyValue("kept");
    const shared = service(
      "shared",
      cache(() => ++made, { ttlMs: 60_000, in: kept }),
      { replicas: 3 },
    );
    await using app = await start(shared, { time: "virtual", modules: "shared" });
    const seen = new Set<number>();
    for (let n = 0; n < 30; n++) seen.add(await shared(undefined));
    expect([...seen]).toEqual([1]);
    app.replica("hadron.store").kill();
    expect(await shared(undefined)).toBe(2);
  });

  test("the work is given up when all who wait for it are gone, and no sooner", async () => {
    let aborted = 0;
    const begun = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const endless = service(
      "endless",
      cache(
        (_: number, { signal }) => {
          signal.addEventListener("abort", () => {
            aborted++;
            gone.resolve();
          });
          begun.resolve();
          return gone.promise;
        },
        { ttlMs: 1000 },
      ),
    );
    await using _app = await start(endless);
    const callers = [new AbortController(), new AbortController()];
    const calls = callers.map(({ signal }) => expect(endless.with({ signal })(1)).rejects.toThrow());
    await begun.promise;
    callers[0]?.abort();
    await calls[0];
    expect(aborted).toBe(0);
    callers[1]?.abort();
    await Promise.all([...calls, gone.promise]);
    expect(aborted).toBe(1);
  });

  test("of many keys the first goes", async () => {
    let made = 0;
    const few = service(
      "few",
      cache((_: number) => ++made, { ttlMs: 60_000, most: 2 }),
    );
    await using _app = await start(few, { time: "virtual" });
    for (const n of [1, 2, 3, 2, 3]) await few(n);
    expect(made).toBe(3);
    await few(1);
    expect(made).toBe(4);
  });
});

test("options that are out of range are refused, and a work queue is what consumes", () => {
  expect(workQueue).toBe(consume);
  const refused = expect.objectContaining({ code: "INVALID_DECLARATION" });
  expect(() => batch(() => [], { most: 0 })).toThrow(refused);
  expect(() => debounce(() => 1, { waitMs: -1 })).toThrow(refused);
  expect(() => cache(() => 1, { ttlMs: 1, in: {} as never })).toThrow("cache: in is no resource");
  expect(() => cache(5 as never, { ttlMs: 1 })).toThrow(refused);
});
