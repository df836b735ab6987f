import { expect, test } from "vitest";
import { type InnerTime, innerTime } from "../../src/clock/inner-time.ts";
import { obeyInnerTime } from "../../src/clock/obey-inner-time.ts";

const AT_MS = Date.UTC(2020, 1, 29, 12);

/** A time of its own, and what was asked of it. */
function createTime() {
  const seen = { raced: [] as (readonly unknown[])[], over: 0 };
  const time: InnerTime = {
    now: () => AT_MS,
    random: () => 0.25,
    uuid: () => "00000000-0000-4000-8000-000000000000",
    refuse: (what) => {
      throw new Error(`no ${what}`);
    },
    race: (promises) => {
      seen.raced.push(promises);
      return () => void seen.over++;
    },
  };
  return { time, seen };
}

// This file's own thread: its globals stay as they are made here.
obeyInnerTime();
obeyInnerTime();

test("code that has a time of its own reads that, by whatever name", () => {
  innerTime.run(createTime().time, () => {
    // biome-ignore lint/complexity/useDateNow: both ways are tried
    expect([Date.now(), new Date().getTime(), Date.parse(Date())]).toEqual([AT_MS, AT_MS, AT_MS]);
    expect(new Date(5).getTime()).toBe(5);
    expect(Date.UTC(1970, 0, 1)).toBe(0);
    expect(new Date()).toBeInstanceOf(Date);
    expect([Math.random(), crypto.randomUUID()]).toEqual([0.25, "00000000-0000-4000-8000-000000000000"]);
  });
});

test("code that has none has the machine's", async () => {
  expect(Math.abs(Date.now() - performance.timeOrigin - performance.now())).toBeLessThan(60_000);
  // biome-ignore lint/complexity/useDateNow: both ways are tried
  expect(Math.abs(new Date().getTime() - Date.now())).toBeLessThan(60_000);
  expect(crypto.randomUUID()).not.toBe(crypto.randomUUID());
  expect(Math.random()).not.toBe(Math.random());
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await Promise.race([new Promise(() => {}), 1])).toBe(1);
  expect(await Promise.any([Promise.reject(new Error("no")), 2])).toBe(2);
});

test("timers and requests that no log knows of are refused there, and there alone", async () => {
  innerTime.run(createTime().time, () => {
    expect(() => setTimeout(() => {}, 1)).toThrow("no setTimeout");
    expect(() => setInterval(() => {}, 1)).toThrow("no setInterval");
    expect(() => setImmediate(() => {})).toThrow("no setImmediate");
    expect(() => fetch("http://127.0.0.1:9")).toThrow("no fetch");
  });
  await new Promise((resolve) => setImmediate(resolve));
});

test("a race is told of, with what runs in it, and that it is over, however it ends", async () => {
  const { time, seen } = createTime();
  const no = new Error("no");
  const first = Promise.resolve(1);
  await innerTime.run(time, async () => {
    expect(await Promise.race([first, new Promise(() => {})])).toBe(1);
    expect([seen.raced.length, seen.over]).toEqual([1, 1]);
    expect(seen.raced[0]?.[0]).toBe(first);
    await expect(Promise.race([Promise.reject(no)])).rejects.toBe(no);
    expect(await Promise.any(new Set([Promise.reject(no), 2]))).toBe(2);
    await Promise.resolve();
    expect([seen.raced.length, seen.over]).toEqual([3, 3]);
  });
});
