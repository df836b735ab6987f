import { expect, test } from "vitest";
import type { Timed } from "../../src/clock/deadlines.ts";
import { ManualClock } from "./manual-clock.ts";

function timed(deadlineAt: number): Timed & { expired: number } {
  return {
    deadlineAt,
    expired: 0,
    expire() {
      this.expired++;
    },
  };
}

test("a deadline that has passed when it is added expires with the next tick, and once", () => {
  const clock = new ManualClock();
  const far = timed(clock.now() + 10_000);
  clock.deadlines.add(far);
  clock.pass(500);
  const passed = [timed(clock.now() - 400), timed(clock.now() - 11), timed(clock.now())];
  for (const one of passed) clock.deadlines.add(one);
  expect(clock.deadlines.size).toBe(4);
  clock.pass(10);
  expect(passed.map((one) => one.expired)).toEqual([1, 1, 1]);
  clock.pass(500);
  expect(passed.map((one) => one.expired)).toEqual([1, 1, 1]);
  expect([far.expired, clock.deadlines.size]).toEqual([0, 1]);
});

test("a deadline that has passed, and is added by one that expires, expires too", () => {
  const clock = new ManualClock();
  const late = timed(clock.now() - 100);
  const first = { deadlineAt: clock.now() + 50, expire: () => clock.deadlines.add(late) };
  clock.deadlines.add(first);
  clock.deadlines.add(timed(clock.now() + 10_000));
  clock.pass(80);
  expect(late.expired).toBe(1);
});

test("a deadline that is taken out does not expire, and none expires early", () => {
  const clock = new ManualClock();
  const [out, stays] = [timed(clock.now() + 30), timed(clock.now() + 30)];
  clock.deadlines.add(out);
  clock.deadlines.add(stays);
  clock.pass(29);
  clock.deadlines.delete(out);
  expect([out.expired, stays.expired]).toEqual([0, 0]);
  clock.pass(21);
  expect([out.expired, stays.expired]).toEqual([0, 1]);
  expect(clock.deadlines.size).toBe(0);
});
