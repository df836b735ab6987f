import { procedure, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { spread } from "@hadron/patterns";
import { expect, test, vi } from "vitest";
import { Candidate } from "../../src/call/channel/candidate.ts";
import { Outliers } from "../../src/call/channel/outliers.ts";
import type { Member } from "../../src/call/directory/directory.ts";
import { createSystemClock } from "../../src/clock/system-clock.ts";
import { createRig } from "./rig.ts";

const clock = createSystemClock();

function candidatesOf(count: number): Candidate[] {
  return Array.from({ length: count }, (_, ordinal) => {
    const member: Member = { ordinal, name: `one.${ordinal}`, address: "memory:x", state: "ready", reason: undefined };
    return new Candidate(member, { clock } as never, () => {});
  });
}

const avoided = (candidates: readonly Candidate[]) => candidates.filter((candidate) => candidate.avoided).length;

test("a replica that fails five times in a row is ejected, and comes back by a probe", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const candidates = candidatesOf(3);
    const outliers = new Outliers(candidates, clock);
    const [bad] = candidates as [Candidate];
    for (let failure = 0; failure < 4; failure++) outliers.failed(bad);
    expect(bad.avoided).toBe(false);
    outliers.failed(bad);
    expect(bad.avoided).toBe(true);
    vi.advanceTimersByTime(1001);
    // Half-open: one call goes there, the others wait for how it ends.
    expect(bad.avoided).toBe(false);
    bad.probing = true;
    expect(bad.avoided).toBe(true);
    outliers.failed(bad);
    vi.advanceTimersByTime(1001);
    expect(bad.avoided).toBe(true);
    vi.advanceTimersByTime(1001);
    expect(bad.avoided).toBe(false);
    bad.probing = true;
    outliers.answered(bad, 1, performance.now());
    expect(bad.avoided).toBe(false);
    expect(bad.ejectedUntil).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test.each([1, 2, 3, 4, 7])("of %i replicas never more than half are ejected", (count) => {
  const candidates = candidatesOf(count);
  const outliers = new Outliers(candidates, clock);
  for (const candidate of candidates) {
    for (let failure = 0; failure < 10; failure++) outliers.failed(candidate);
    // The others are well meanwhile, as far as they are not ejected.
    for (const other of candidates)
      if (other !== candidate && other.ejectedUntil === 0) outliers.answered(other, 1, performance.now());
  }
  expect(avoided(candidates)).toBe(Math.floor(count / 2));
});

test("what fails everywhere ejects nobody", () => {
  const candidates = candidatesOf(4);
  const outliers = new Outliers(candidates, clock);
  for (let round = 0; round < 20; round++) for (const candidate of candidates) outliers.failed(candidate);
  expect(avoided(candidates)).toBeLessThanOrEqual(1);
});

test("a replica that is slow against the others is ejected; a probe that is slow, too, keeps it so", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const candidates = candidatesOf(4);
    const outliers = new Outliers(candidates, clock);
    const slow = candidates[2]!;
    for (let call = 0; call < 20; call++) {
      for (const candidate of candidates) outliers.answered(candidate, candidate === slow ? 100 : 5, performance.now());
      vi.advanceTimersByTime(60);
    }
    expect(candidates.map((candidate) => candidate.avoided)).toEqual([false, false, true, false]);
    vi.advanceTimersByTime(1001);
    slow.probing = true;
    outliers.answered(slow, 90, performance.now());
    expect(slow.avoided).toBe(true);
    vi.advanceTimersByTime(2001);
    slow.probing = true;
    outliers.answered(slow, 6, performance.now());
    expect(slow.avoided).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});

test("a replica that fails gets no calls while others are well", async () => {
  let broken = "";
  let failed = 0;
  const { HadronError } = await import("@hadron/core");
  const leaf = procedure({}, (_: unknown, { replica }) => {
    if (replica.name !== broken) return replica.name;
    failed++;
    throw new HadronError("UNAVAILABLE", "my disk is gone");
  });
  const one = service("one", spread(4, leaf));
  await using _app = await start(one);
  for (let call = 0; call < 20; call++) await one(call);
  broken = "one.leaf.3";
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => one(1)));
  expect(outcomes.some((one) => one.status === "rejected")).toBe(true);
  const before = failed;
  expect(before).toBeGreaterThanOrEqual(5);
  for (let call = 0; call < 50; call++) await one(call);
  // None, or the probe of an ejection that has ended on a slow machine.
  expect(failed - before).toBeLessThanOrEqual(1);
});

test("a probe whose own caller breaks it off tells nothing: the next call is one", async () => {
  const { HadronError } = await import("@hadron/core");
  let broken = "one.1";
  const one = service(
    "one",
    {
      who: (_: unknown, { replica }) => {
        if (replica.name === broken) throw new HadronError("UNAVAILABLE", "my disk is gone");
        return replica.name;
      },
      take: async (items: AsyncIterable<number>) => {
        let sum = 0;
        for await (const item of items) sum += item;
        return sum;
      },
    },
    { replicas: 2 },
  );
  await using rig = createRig(one);
  const replicas = [await rig.serve("one", 0), await rig.serve("one", 1)];
  rig.publish("one", replicas);
  const who = () => rig.call("one", "who").catch((error: Error) => error.message);
  await expect.poll(async () => [await who(), rig.metric("hadron_client_ejected")][1], { interval: 1 }).toBe(1);
  broken = "";
  // Its time passes; from then on the next call that meets it is its probe.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  async function* failing() {
    yield 1;
    throw new RangeError("the caller's own");
  }
  for (let call = 0; call < 20; call++) await expect(rig.call("one", "take", failing())).rejects.toThrow(RangeError);
  const met = new Set<unknown>();
  for (let call = 0; call < 60; call++) met.add(await who());
  expect([...met].sort()).toEqual(["one.0", "one.1"]);
});
