import type { KeyValue } from "@hadron/resources";
import { expect, test } from "vitest";
import { KeptValues } from "../src/guests/kept-values.ts";
import type { Registry } from "../src/kept/registry.ts";

const bytes = (length: number) => new Uint8Array(length);

/** What guests keep, on a clock that a pause moves; `pausedUntil`: so long a backup asks them to wait. */
function createValues({ pausedUntil }: { pausedUntil?: number } = {}) {
  const values = new Map<string, unknown>();
  const clock = { nowMs: 1000, pauses: 0, lists: 0 };
  const store = {
    get: async (key: string) => values.get(key),
    set: async (key: string, value: unknown) => void values.set(key, value),
    async *list({ prefix }: { prefix: string }) {
      clock.lists++;
      for (const [key, value] of values) if (key.startsWith(prefix)) yield { key, value };
    },
  };
  const registry = { known: () => (pausedUntil === undefined ? undefined : { until: pausedUntil }) };
  const kept = new KeptValues(store as unknown as KeyValue<unknown>, registry as unknown as Registry, {
    now: () => clock.nowMs,
    pause: async (ms) => {
      clock.pauses++;
      clock.nowMs += ms;
    },
  });
  return { kept, clock, values };
}

test("each guest has its own values, below its name", async () => {
  const { kept, values } = createValues();
  await kept.set("a", "k/1", bytes(1), 100);
  await kept.set("a", "k/2", bytes(2), 100);
  await kept.set("a", "other", bytes(3), 100);
  await kept.set("ab", "k/1", bytes(4), 100);
  expect(await kept.get("a", "k/1")).toEqual(bytes(1));
  expect(await kept.get("a", "k/3")).toBeUndefined();
  expect(await kept.list("a", "k/")).toEqual([
    ["k/1", bytes(1)],
    ["k/2", bytes(2)],
  ]);
  values.set("a/odd", "no bytes");
  expect(await kept.list("a", "odd")).toEqual([["odd", bytes(0)]]);
});

test("keys and values count: one byte too many is refused, one that shrinks is not", async () => {
  const { kept } = createValues();
  await kept.set("a", "ä", bytes(8), 10);
  await expect(kept.set("a", "b", bytes(0), 10)).rejects.toMatchObject({
    code: "TOO_LARGE",
    message: '"a" keeps 10 bytes, and 10 are the most.',
  });
  await kept.set("a", "ä", bytes(8), 10);
  await expect(kept.set("a", "ä", bytes(9), 10)).rejects.toThrow("10 are the most");
  // Above a limit that was lowered meanwhile.
  await kept.set("a", "ä", bytes(7), 5);
  await kept.set("a", "b", bytes(0), 10);
  await kept.set("b", "b", bytes(9), 10);
});

test("what is kept is counted anew after a while: others may have written", async () => {
  const { kept, clock, values } = createValues();
  await kept.set("a", "b", bytes(1), 10);
  values.set("a/c", bytes(7));
  await kept.set("a", "b", bytes(2), 10);
  expect(clock.lists).toBe(1);
  clock.nowMs += 10_000;
  await expect(kept.set("a", "d", bytes(0), 10)).rejects.toThrow('"a" keeps 11 bytes');
  expect(clock.lists).toBe(2);
});

test("a backup that asks for it is waited for, as long as it says and no longer", async () => {
  const { kept, clock, values } = createValues({ pausedUntil: 1100 });
  await kept.set("a", "b", bytes(1), 10);
  expect([clock.nowMs, clock.pauses, values.size]).toEqual([1100, 5, 1]);
  const free = createValues({ pausedUntil: 1000 });
  await free.kept.set("a", "b", bytes(1), 10);
  expect(free.clock.pauses).toBe(0);
});
