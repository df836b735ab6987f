import { expect, test } from "vitest";
import { LockHandle } from "../../src/lock/lock.ts";
import { toNextDue } from "../../src/work/next-due.ts";
import { keepSchedule, type Occasion, type ScheduleOptions } from "../../src/work/schedule.ts";
import { LocalStore, settle } from "../local-link.ts";

const HOUR = 3_600_000;
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

test.each([
  // The clocks go forward at 2:00 on 29 March 2026, back at 3:00 on 25 October.
  ["30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z"],
  ["30 2 * * *", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00.000Z"],
  ["30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00.000Z"],
  ["30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00.000Z"],
  ["0 3 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T02:00:00.000Z"],
  ["0 3 * * *", "2026-01-01T00:00:00Z", "2026-01-01T02:00:00.000Z"],
])("%s in Berlin after %s is due at %s", (line, after, due) => {
  expect(iso(toNextDue(line, "Europe/Berlin")(Date.parse(after)))).toBe(due);
});

test.each([
  ["no line", "UTC"],
  ["61 * * * *", "UTC"],
  ["0 3 * * *", "Europe/Nowhere"],
])("%s in %s is refused where it stands, with an example", (line, timezone) => {
  expect(() => toNextDue(line, timezone)).toThrow(expect.objectContaining({ code: "INVALID_DECLARATION" }));
  expect(() => toNextDue(line, timezone)).toThrow(/A line is like "0 3 \* \* \*"/);
});

/** Keeps an hourly schedule as one leader does. */
async function lead(store: LocalStore, options: Partial<ScheduleOptions> & Pick<ScheduleOptions, "run">) {
  const client = store.client();
  const lock = new LockHandle({ name: "every/nightly", leaseMs: 100 * HOUR }, () => client);
  const ending = new AbortController();
  const kept = lock.hold(({ token }) =>
    keepSchedule({
      store: client,
      name: "nightly",
      line: "0 * * * *",
      nextDue: toNextDue("0 * * * *", "UTC"),
      missed: "once",
      token,
      signal: ending.signal,
      ...options,
    }),
  );
  kept.catch(() => {});
  await settle();
  return {
    async end() {
      ending.abort();
      await kept.catch(() => {});
    },
  };
}

async function hours(store: LocalStore, count: number) {
  for (let hour = 0; hour < count; hour++) {
    store.time.advance(HOUR);
    await settle();
  }
}

test("each due time is kept once, and none before the first after the declaration", async () => {
  await using store = new LocalStore();
  const kept: Occasion[] = [];
  const leader = await lead(store, { run: async (occasion) => void kept.push(occasion) });
  expect(kept).toEqual([]);
  await hours(store, 3);
  expect(kept.map(({ due, missed }) => [due.toISOString(), missed])).toEqual([
    ["2030-01-01T01:00:00.000Z", 0],
    ["2030-01-01T02:00:00.000Z", 0],
    ["2030-01-01T03:00:00.000Z", 0],
  ]);
  await leader.end();
});

test("what was missed is one run that says how many, or none, or one each", async () => {
  for (const [missed, expected] of [
    [
      "once",
      [
        ["2030-01-01T10:00:00.000Z", 9],
        ["2030-01-01T11:00:00.000Z", 0],
      ],
    ],
    ["skip", [["2030-01-01T11:00:00.000Z", 0]]],
    [
      "each",
      Array.from({ length: 11 }, (_, hour) => [`2030-01-01T${String(hour + 1).padStart(2, "0")}:00:00.000Z`, 0]),
    ],
  ] as const) {
    await using store = new LocalStore();
    await (await lead(store, { run: async () => undefined })).end();
    store.time.advance(10 * HOUR);
    const kept: Occasion[] = [];
    const leader = await lead(store, { missed, run: async (occasion) => void kept.push(occasion) });
    await hours(store, 1);
    expect(kept.map(({ due, missed: count }) => [due.toISOString(), count])).toEqual(expected);
    await leader.end();
  }
});

test("what was under way when its leader ended is done again by the next", async () => {
  await using store = new LocalStore();
  const begun: string[] = [];
  const first = await lead(store, {
    run: ({ due }) => {
      begun.push(`first ${due.toISOString()}`);
      return Promise.reject(new Error("its process died"));
    },
  });
  await hours(store, 1);
  await first.end();
  const second = await lead(store, { run: async ({ due }) => void begun.push(`second ${due.toISOString()}`) });
  expect(begun).toEqual(["first 2030-01-01T01:00:00.000Z", "second 2030-01-01T01:00:00.000Z"]);
  await second.end();
});

test("a changed line begins with its next due time", async () => {
  await using store = new LocalStore();
  await (await lead(store, { run: async () => undefined })).end();
  store.time.advance(5 * HOUR);
  const kept: Occasion[] = [];
  const leader = await lead(store, { line: "another", run: async (occasion) => void kept.push(occasion) });
  expect(kept).toEqual([]);
  await hours(store, 1);
  expect(kept).toMatchObject([{ missed: 0 }]);
  await leader.end();
});

test("a line of each second that nobody kept for years is one run, at once", async () => {
  await using store = new LocalStore();
  const line = { line: "* * * * * *", nextDue: toNextDue("* * * * * *", "UTC") };
  await (await lead(store, { ...line, run: async () => undefined })).end();
  store.time.advance(3 * 365 * 24 * HOUR);
  const kept: Occasion[] = [];
  const leader = await lead(store, { ...line, run: async (occasion) => void kept.push(occasion) });
  await settle();
  expect(kept).toHaveLength(1);
  expect(kept[0]?.missed).toBe(999);
  expect(store.time.wallNow() - Number(kept[0]?.due)).toBeLessThan(2000);
  await leader.end();
});
