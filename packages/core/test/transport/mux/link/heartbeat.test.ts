import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSystemClock } from "../../../../src/clock/system-clock.ts";
import { type Beating, Heartbeat } from "../../../../src/transport/mux/link/heartbeat.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function start(waiting: boolean) {
  const of = { waiting, mayVanish: true, asked: 0, died: 0 };
  const beating: Beating = {
    get mayVanish() {
      return of.mayVanish;
    },
    get waiting() {
      return of.waiting;
    },
    ask: () => of.asked++,
    silent: () => of.died++,
  };
  return { of, heartbeat: new Heartbeat(beating, 15_000, createSystemClock()) };
}

test("a silent peer is asked after one second, and looked into before three", () => {
  const { of } = start(true);
  vi.advanceTimersByTime(999);
  expect(of.asked).toBe(0);
  vi.advanceTimersByTime(1);
  expect(of.asked).toBe(1);
  vi.advanceTimersByTime(1499);
  expect(of.died).toBe(0);
  vi.advanceTimersByTime(501);
  expect(of.died).toBeGreaterThan(0);
});

test("a peer that says anything is left alone", () => {
  const { of, heartbeat } = start(true);
  for (let i = 0; i < 100; i++) {
    vi.advanceTimersByTime(1900);
    heartbeat.heard();
  }
  expect(of.died).toBe(0);
  heartbeat.stop();
});

test("a peer that cannot vanish has no timer, until it can", () => {
  const { of, heartbeat } = start(true);
  of.mayVanish = false;
  vi.advanceTimersByTime(250);
  expect(vi.getTimerCount()).toBe(0);
  of.mayVanish = true;
  heartbeat.start();
  vi.advanceTimersByTime(1000);
  expect(of.asked).toBe(1);
});

test("a connection without calls is asked rarely, and found dead all the same", () => {
  const { of } = start(false);
  vi.advanceTimersByTime(24_000);
  expect(of.asked).toBe(0);
  vi.advanceTimersByTime(1500);
  expect(of.asked).toBe(1);
  vi.advanceTimersByTime(3000);
  expect(of.died).toBeGreaterThan(0);
});

test("a call on a connection that rested is looked after at once", () => {
  const { of, heartbeat } = start(false);
  vi.advanceTimersByTime(12_000);
  of.waiting = true;
  heartbeat.wake();
  vi.advanceTimersByTime(3000);
  expect(of.asked).toBe(1);
  expect(of.died).toBeGreaterThan(0);
});
