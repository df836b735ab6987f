import { HadronError, type Log } from "@hadron/core";
import { expect, test } from "vitest";
import type { Guests } from "../../src/guests/guests.ts";
import type { Registry } from "../../src/kept/registry.ts";
import { Schedules } from "../../src/schedule/schedules.ts";

const HOUR_MS = 3_600_000;
const NOON_MS = Date.UTC(2026, 0, 1, 12);

interface World {
  /** When the one schedule, of each full hour, was last dealt with; undefined: it is not known yet. */
  readonly doneAt: number | undefined;
  readonly nowMs: number;
  /** What the store throws, look by look. */
  readonly failures?: readonly (Error | undefined)[];
  readonly start?: string;
  /** What the module's call comes to. */
  readonly outcome?: number | Error;
}

/** Looks so often, and returns what was called, marked and logged. */
async function look(times: number, { doneAt, nowMs, failures = [], start = "go", outcome = 0 }: World) {
  const seen = { calls: [] as unknown[], marks: [] as unknown[], logged: [] as string[], pauses: [] as number[] };
  const left = [...failures];
  let at = doneAt;
  const schedule = { name: "web", start, data: "hi", cron: "0 * * * *", timezone: "UTC" };
  const store = {
    entry: async () => (at === undefined ? undefined : { value: { at }, version: 7 }),
    set: async (...words: readonly unknown[]) => {
      const failure = left.shift();
      if (failure !== undefined) throw failure;
      seen.marks.push(words);
      at = (words[1] as { at: number }).at;
    },
  };
  const registry = { all: () => [["1", schedule]], known: () => (at === undefined ? undefined : { at }), store };
  const guests = {
    call: async ({ name, start, input }: { name: string; start: string; input: Uint8Array }) => {
      seen.calls.push([name, start, String(input)]);
      if (outcome instanceof Error) throw outcome;
      return { result: outcome };
    },
  };
  const log = { error: (text: string) => seen.logged.push(text) };
  const controller = new AbortController();
  const schedules = new Schedules({
    registry: registry as unknown as Registry,
    guests: guests as unknown as Guests,
    log: log as unknown as Log,
    now: () => nowMs,
  });
  await schedules.keep(controller.signal, async (ms) => {
    seen.pauses.push(ms);
    if (seen.pauses.length === times) controller.abort();
  });
  return seen;
}

test("what is due is marked with its time, if nobody else has, and called once", async () => {
  const seen = await look(3, { doneAt: NOON_MS - HOUR_MS, nowMs: NOON_MS });
  expect(seen.marks).toEqual([["done/1", { at: NOON_MS }, { ifVersion: 7 }]]);
  expect(seen.calls).toEqual([["web", "go", "hi"]]);
  expect([seen.pauses, seen.logged]).toEqual([[500, 500, 500], []]);
});

test("what is not due yet, or was never begun, is left alone", async () => {
  expect((await look(2, { doneAt: NOON_MS, nowMs: NOON_MS + HOUR_MS - 1 })).calls).toEqual([]);
  expect((await look(2, { doneAt: undefined, nowMs: NOON_MS })).calls).toEqual([]);
});

test("what was missed is made up for once, by the last time that was missed; of very many, by now", async () => {
  const some = await look(2, { doneAt: NOON_MS - 5 * HOUR_MS, nowMs: NOON_MS + 7 });
  expect(some.marks).toEqual([["done/1", { at: NOON_MS }, { ifVersion: 7 }]]);
  const many = await look(2, { doneAt: NOON_MS - 3000 * HOUR_MS, nowMs: NOON_MS + 7 });
  expect(many.marks).toEqual([["done/1", { at: NOON_MS + 7 }, { ifVersion: 7 }]]);
  expect(many.calls).toHaveLength(1);
});

test("a time that another replica had is not called again; while the store is away it stays due", async () => {
  const aborted = new HadronError("ABORTED", "Another was first.");
  expect((await look(1, { doneAt: 0, nowMs: HOUR_MS, failures: [aborted] })).calls).toEqual([]);
  const away = new HadronError("UNAVAILABLE", "It is away.");
  const seen = await look(3, { doneAt: 0, nowMs: HOUR_MS, failures: [away, away] });
  expect([seen.calls.length, seen.pauses.length]).toEqual([1, 3]);
  await expect(look(1, { doneAt: 0, nowMs: HOUR_MS, failures: [new TypeError("a bug")] })).rejects.toThrow("a bug");
});

test("what fails, and a program that ends with another status than 0, is logged; a function's result is its own", async () => {
  const due = { doneAt: 0, nowMs: HOUR_MS };
  const failed = await look(1, { ...due, outcome: new Error("no memory") });
  expect(failed.logged).toEqual(['The schedule of "web" failed: no memory']);
  const ended = await look(1, { ...due, start: "_start", outcome: 3 });
  expect(ended.logged).toEqual(['The schedule of "web" ended with exit status 3.']);
  expect((await look(1, { ...due, start: "_start" })).logged).toEqual([]);
  expect((await look(1, { ...due, outcome: 3 })).logged).toEqual([]);
});
