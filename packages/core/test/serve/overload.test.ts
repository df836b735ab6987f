import { expect, test } from "vitest";
import { Admission, type Arrival } from "../../src/serve/dispatch/admission.ts";
import { ManualClock } from "../clock/manual-clock.ts";

const HANDLER_MS = 3;

/** An admission under a clock of its own: which call is started when depends on nothing else. */
function underLoad(limit: number) {
  const clock = new ManualClock();
  const admission = new Admission(limit, clock);
  const waiting = new Set<number>();
  const started: { readonly id: number; readonly newest: number; readonly oldest: number }[] = [];
  let nextId = 0;
  const offer = () => {
    const id = nextId++;
    waiting.add(id);
    const arrival: Arrival = {
      arrivedAt: clock.now(),
      expired: () => false,
      start() {
        started.push({ id, newest: Math.max(...waiting), oldest: Math.min(...waiting) });
        waiting.delete(id);
        clock.busy(Math.max(HANDLER_MS, load.stallMs));
        admission.ended();
      },
      refuse: () => void waiting.delete(id),
    };
    admission.take(arrival);
  };
  const isOverloaded = () =>
    [...admission.metrics()].find((metric) => metric.name === "hadron_overloaded")?.value === 1;
  const load = { clock, offer, waiting, started, isOverloaded, stallMs: 0 };
  return load;
}

test("what waits is started oldest first, and newest first once more comes than can be done", async () => {
  const load = underLoad(1000);
  const turn = async (arrivals: number) => {
    for (let arrival = 0; arrival < arrivals; arrival++) load.offer();
    await load.clock.turn();
  };
  // A burst, which ends.
  await turn(50);
  while (load.waiting.size > 0) await turn(0);
  expect(load.started.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, id) => id));
  // Ten come for each that is done.
  for (let turns = 0; turns < 400 && !load.isOverloaded(); turns++) await turn(20);
  expect(load.isOverloaded()).toBe(true);
  load.started.length = 0;
  for (let turns = 0; turns < 100; turns++) await turn(20);
  expect(load.isOverloaded()).toBe(true);
  expect(load.started.length).toBeGreaterThan(20);
  // With one alone there is nothing to choose.
  const choices = load.started.filter(({ newest, oldest }) => newest !== oldest);
  expect(choices.length).toBeGreaterThan(5);
  expect(choices.filter(({ id, newest }) => id !== newest)).toEqual([]);
});

test("an overload outlasts a stall of whole windows in which nothing was read; it ends when less comes than can be done", async () => {
  const load = underLoad(1000);
  const turn = async (arrivals: number) => {
    for (let arrival = 0; arrival < arrivals; arrival++) load.offer();
    await load.clock.turn();
  };
  for (let turns = 0; turns < 400 && !load.isOverloaded(); turns++) await turn(20);
  // Wherever in a window that begins. Once nobody waits any more, a stall looks as if nobody had come.
  const ended: number[] = [];
  for (let offset = 0; offset < 60; offset++) {
    for (let turns = 0; turns < 30 + offset; turns++) await turn(20);
    load.stallMs = 60 + offset;
    await turn(0);
    load.stallMs = 0;
    load.offer();
    if (!load.isOverloaded()) ended.push(offset);
    await turn(19);
  }
  expect(ended).toEqual([]);
  for (let turns = 0; turns < 100; turns++) {
    await turn(turns % 2);
    load.clock.busy(2);
  }
  expect(load.isOverloaded()).toBe(false);
});
