import { service } from "@hadron/core";
import { expect, test } from "vitest";
import type { Clockwork } from "../../src/clock/clockwork.ts";
import { createSystemClock } from "../../src/clock/system-clock.ts";
import { Admission, type Arrival } from "../../src/serve/dispatch/admission.ts";
import { createRig } from "../call/rig.ts";

interface Outcome {
  readonly id: number;
  /** How many calls were done between its arrival and its outcome. */
  readonly doneMeanwhile: number;
  /** How many of them since it was started: at most as many as were at work beside it. */
  readonly doneBeside?: number;
}

/** An admission in front of handlers that keep the processor busy. Time is counted in calls done: machines differ. */
function busy(limit: number, busyMs: number, { later = false, now = () => performance.now() } = {}) {
  const admission = new Admission(limit, createSystemClock());
  const served: Outcome[] = [];
  const refused: Outcome[] = [];
  let nextId = 0;
  let onDone = () => {};
  const burn = () => {
    const until = now() + busyMs;
    while (now() < until);
  };
  const offer = () => {
    const id = nextId++;
    const before = served.length;
    let atStart = 0;
    const run = () => {
      burn();
      served.push({ id, doneMeanwhile: served.length - before, doneBeside: served.length - atStart });
      admission.ended();
      onDone();
    };
    const arrival: Arrival = {
      arrivedAt: performance.now(),
      expired: () => false,
      start: () => {
        atStart = served.length;
        if (later) setImmediate(run);
        else run();
      },
      refuse: () => void refused.push({ id, doneMeanwhile: served.length - before }),
    };
    admission.take(arrival);
  };
  return {
    served,
    refused,
    offer,
    /** Does something each time a call is done. */
    eachDone: (then: () => void) => {
      onDone = then;
    },
    value: (name: string) => [...admission.metrics()].find((one) => one.name === name)!.value,
  };
}

/** The processor time of this thread, in milliseconds. */
function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** As long as this is true: for so many milliseconds from now. */
function lasting(ms: number): () => boolean {
  const until = performance.now() + ms;
  return () => performance.now() < until;
}

/** Ten calls come for each that is done. */
async function flood(one: ReturnType<typeof busy>, more: () => boolean): Promise<void> {
  let due = 10;
  one.eachDone(() => {
    due += 10;
  });
  while (more()) {
    for (; due > 0; due--) one.offer();
    await new Promise((resolve) => setImmediate(resolve));
  }
  one.eachDone(() => {});
  await expect
    .poll(() => one.value("hadron_calls_waiting") + one.value("hadron_concurrency"), { timeout: 20_000 })
    .toBe(0);
}

test("under ten times the load the newest is served, and the rest is turned away at once", async () => {
  const one = busy(200, 3);
  await flood(one, lasting(1000));
  const [before, beforeRefused] = [one.served.length, one.refused.length];
  expect(one.value("hadron_overloaded")).toBe(1);
  await flood(one, lasting(1000));
  const served = one.served.slice(before);
  const refused = one.refused.slice(beforeRefused);
  expect(served.length).toBeGreaterThan(20);
  expect(refused.length).toBeGreaterThan(served.length * 5);
  const waits = served.map((outcome) => outcome.doneMeanwhile).sort((a, b) => a - b);
  expect(waits[Math.floor(waits.length * 0.98)]).toBeLessThanOrEqual(3);
  expect(Math.max(...refused.map((outcome) => outcome.doneMeanwhile))).toBeLessThanOrEqual(20);
});

test("of those that wait under overload the newest is served first, and the oldest is turned away", async () => {
  let nowMs = 0;
  const turns: (() => void)[] = [];
  const clock: Clockwork = Object.create(createSystemClock(), {
    isVirtual: { value: true },
    now: { value: () => nowMs },
    nextTurn: { value: (run: () => void) => turns.push(run) },
  });
  const admission = new Admission(200, clock);
  const served: number[] = [];
  const refused: number[] = [];
  let nextId = 0;
  const offer = () => {
    const id = nextId++;
    admission.take({
      arrivedAt: nowMs,
      expired: () => false,
      start: () => {
        nowMs += 0.5;
        served.push(id);
        admission.ended();
      },
      refuse: () => void refused.push(id),
    });
  };
  const turn = async () => {
    // An admission asks for its turn some microtasks later.
    await new Promise((resolve) => setImmediate(resolve));
    for (const run of turns.splice(0)) run();
  };
  const isOverloaded = () => [...admission.metrics()].some(({ name, value }) => name === "hadron_overloaded" && value);
  for (let round = 0; round < 500 && !isOverloaded(); round++) {
    for (let call = 0; call < 80; call++) offer();
    await turn();
  }
  expect(isOverloaded()).toBe(true);
  for (let round = 0; round < 10; round++) await turn();
  served.length = refused.length = 0;
  const first = nextId;
  for (let call = 0; call < 30; call++) offer();
  await turn();
  await turn();
  // Those that are done in 5 ms may wait: ten of half a millisecond.
  const oldest = Array.from({ length: 20 }, (_, index) => first + index);
  expect(refused).toEqual(oldest);
  expect(served.length).toBeGreaterThan(5);
  expect(served).toEqual(served.map((_, index) => first + 29 - index));
});

test("a burst is served in the order in which it came, and nobody is turned away", async () => {
  const one = busy(1000, 2);
  for (let call = 0; call < 300; call++) one.offer();
  await expect.poll(() => one.served.length, { timeout: 20_000 }).toBe(300);
  expect(one.served.map((outcome) => outcome.id)).toEqual(one.served.map((_, index) => index));
  expect(one.refused).toEqual([]);
});

test("a batch that comes slowly, and is less than half of the limit, is served as well", async () => {
  const one = busy(1000, 3);
  // Each time that one is done, five come: the queue only grows, for a while.
  let left = 400;
  one.eachDone(() => {
    for (let more = 0; more < 5 && left > 0; more++, left--) setImmediate(one.offer);
  });
  one.offer();
  await expect.poll(() => one.served.length, { timeout: 20_000 }).toBe(401);
  expect(one.refused).toEqual([]);
});

test("callers that each make one call after the other are all served, however many there are", async () => {
  const one = busy(1000, 2);
  const until = performance.now() + 1000;
  one.eachDone(() => {
    if (performance.now() < until) setImmediate(one.offer);
  });
  for (let caller = 0; caller < 64; caller++) one.offer();
  await expect.poll(() => one.value("hadron_calls_waiting"), { timeout: 20_000 }).toBe(0);
  expect(one.refused).toEqual([]);
});

test("calls that come at once and wait for something else are all served, while more come", async () => {
  const admission = new Admission(1000, createSystemClock());
  const started: (() => void)[] = [];
  let begun = 0;
  let refused = 0;
  const offer = () =>
    admission.take({
      arrivedAt: performance.now(),
      expired: () => false,
      start: () => {
        // As in a process that has just begun: nothing is quick at first.
        const until = performance.now() + (begun++ < 20 ? 10 : 0);
        while (performance.now() < until);
        started.push(() => admission.ended());
      },
      refuse: () => void refused++,
    });
  for (let call = 0; call < 600; call++) offer();
  // What they wait for is away for half a second; meanwhile more come.
  for (let more = 0; more < 100; more++) {
    offer();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  let ended = 0;
  const endAll = () => {
    for (const end of started.splice(0)) {
      end();
      ended++;
    }
    return ended;
  };
  await expect.poll(endAll, { timeout: 20_000 }).toBe(700);
  expect(refused).toBe(0);
});

test("at work and waiting together are never more than the declared limit", () => {
  const one = busy(10, 1, { later: true });
  for (let call = 0; call < 25; call++) one.offer();
  expect(one.value("hadron_concurrency") + one.value("hadron_calls_waiting")).toBe(10);
  expect(one.refused).toHaveLength(15);
});

test("the limit of calls at work shrinks while they keep the processor busy, and is as before when they do not", async () => {
  // Of processor time, as what they are limited by is: on a machine that is busy with something else, a turn that lasts
  // long is no sign of too many of them.
  const one = busy(100, 2, { later: true, now: threadCpuMs });
  await flood(one, () => one.served.length < 300);
  const beside = one.served.slice(-50).map((outcome) => outcome.doneBeside ?? 0);
  expect(beside.sort((a, b) => a - b)[25]).toBeLessThanOrEqual(10);
  await expect.poll(() => one.value("hadron_concurrency_limit"), { timeout: 20_000 }).toBe(100);
});

test("a handler that goes on after its call was given up keeps its place under limits.concurrency", async () => {
  const began = Promise.withResolvers<void>();
  const release = Promise.withResolvers<string>();
  const handler = () => {
    began.resolve();
    return release.promise;
  };
  const one = service("one", handler, { limits: { concurrency: 1 } });
  await using rig = createRig(one);
  rig.publish("one", [{ address: (await rig.serve("one")).address }]);
  const controller = new AbortController();
  const given = rig.host.call("one", "one", 1, { signal: controller.signal });
  await began.promise;
  controller.abort();
  await expect(given).rejects.toMatchObject({ code: "CANCELLED" });
  await expect(rig.call("one", "one", 1)).rejects.toMatchObject({
    code: "OVERLOADED",
    retryAfterMs: expect.any(Number),
    message: expect.stringMatching(/^one.0 has 1 calls, its limit\. Call again in \d+ ms, or give "one" more replicas/),
  });
  release.resolve("done");
  await expect.poll(() => rig.call("one", "one", 1).catch((error) => error.code)).toBe("done");
});

test("a call that waits and is given up is not run", async () => {
  let runs = 0;
  const one = service("one", {
    burn: () => {
      const until = performance.now() + 150;
      while (performance.now() < until);
    },
    count: () => ++runs,
  });
  await using rig = createRig(one);
  const replica = await rig.serve("one");
  rig.publish("one", [{ address: replica.address }]);
  await rig.call("one", "count");
  // In one piece: the second waits for its turn, in which its time is over.
  const calls = [rig.call("one", "burn"), rig.call("one", "count", undefined, 20)];
  const [, count] = await Promise.allSettled(calls);
  expect(count).toMatchObject({ status: "rejected", reason: { code: "DEADLINE_EXCEEDED" } });
  await rig.call("one", "burn");
  expect(runs).toBe(1);
});
