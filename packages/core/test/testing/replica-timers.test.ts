import { expect, test } from "vitest";
import type { Timer } from "../../src/clock/clock.ts";
import { createSystemClock } from "../../src/clock/system-clock.ts";
import { ReplicaTimers } from "../../src/testing/modules/replica-timers.ts";

/** The timers of a replica on a clock that is moved by hand, and how many of the clock's are set. */
function createTimers() {
  let nowMs = 0;
  const set = new Map<Timer, { atMs: number; readonly everyMs: number | undefined; readonly run: () => void }>();
  const turns: (() => void)[] = [];
  const start = (ms: number, everyMs: number | undefined, run: () => void): Timer => {
    const timer: Timer = { unref: () => timer };
    set.set(timer, { atMs: nowMs + ms, everyMs, run });
    return timer;
  };
  const clock = Object.assign(Object.create(createSystemClock()), {
    after: (ms: number, run: () => void) => start(ms, undefined, run),
    every: (ms: number, run: () => void) => start(ms, ms, run),
    cancel: (timer: Timer | undefined) => void (timer && set.delete(timer)),
    nextTurn: (run: () => void) => turns.push(run),
  });
  const pass = (ms: number) => {
    for (const until = nowMs + ms; nowMs < until; ) {
      nowMs++;
      for (const [timer, due] of [...set]) {
        if (due.atMs > nowMs || !set.has(timer)) continue;
        if (due.everyMs === undefined) set.delete(timer);
        else due.atMs += due.everyMs;
        due.run();
      }
    }
    for (const run of turns.splice(0)) run();
  };
  return { timers: new ReplicaTimers(clock), pass, running: () => set.size };
}

test("timers run when they are due, with what they were given, until they are cleared", () => {
  const { timers, pass, running } = createTimers();
  const seen: unknown[] = [];
  timers.setTimeout((...given) => seen.push(...given), 10, "a", "b");
  const cleared = timers.setTimeout(() => seen.push("cleared"), 10);
  const ticking = timers.setInterval((name) => seen.push(name), 6, "tick");
  timers.clear(cleared);
  timers.clear(undefined);
  pass(9);
  expect(seen).toEqual(["tick"]);
  pass(9);
  expect(seen).toEqual(["tick", "a", "b", "tick", "tick"]);
  timers.clear(ticking);
  pass(20);
  expect([seen.length, running()]).toEqual([5, 0]);
});

test("a turn comes with what it was given, unless it is cleared before", () => {
  const { timers, pass } = createTimers();
  const seen: unknown[] = [];
  timers.setImmediate((word) => seen.push(word), "now");
  timers.clearImmediate(timers.setImmediate(() => seen.push("cleared")));
  timers.clearImmediate(undefined);
  expect(seen).toEqual([]);
  pass(1);
  expect(seen).toEqual(["now"]);
});

test("a timer can be begun anew, closed, and left alone by the process, as Node's can", () => {
  const { timers, pass, running } = createTimers();
  let runs = 0;
  const timer = timers.setTimeout(() => runs++, 10);
  expect([timer.hasRef(), timer.unref().hasRef(), timer.ref().hasRef()]).toEqual([true, false, true]);
  pass(8);
  timer.refresh();
  pass(8);
  expect([runs, running()]).toEqual([0, 1]);
  pass(2);
  expect(runs).toBe(1);
  timers.setTimeout(() => runs++, 10).close();
  timers.setTimeout(() => runs++, 10)[Symbol.dispose]();
  pass(20);
  expect([runs, running()]).toEqual([1, 0]);
});

test("with its replica all end, and none begins any more", () => {
  const { timers, pass, running } = createTimers();
  let runs = 0;
  const count = () => runs++;
  timers.setTimeout(count, 1);
  timers.setInterval(count, 1);
  timers.setImmediate(count);
  timers.end();
  expect(running()).toBe(0);
  timers.setTimeout(count, 1);
  timers.setInterval(count, 1);
  timers.setImmediate(count);
  pass(10);
  expect([runs, running()]).toEqual([0, 0]);
});
