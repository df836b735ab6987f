import { expect, test } from "vitest";
import { isLinearizable } from "./linearizable.ts";
import { findFault, runHistories } from "./store-histories.ts";

test.each([1, 2, 3, 4, 5])(
  "under kills, cuts and delays of the store: one copy of each key, one writer by token, no message lost (seed %i)",
  async (seed) => {
    const histories = await runHistories(seed);
    expect(findFault(histories, isLinearizable)).toBeUndefined();
    expect(histories.faults).toBe(8);
    expect(histories.register.length).toBeGreaterThan(10);
  },
);

test("a history that was tampered with is found out", async () => {
  const histories = await runHistories(1);
  const at = histories.register.findLastIndex(({ label }) => label === "read");
  const register = histories.register.map((event, index) =>
    index === at ? { ...event, apply: () => undefined } : event,
  );
  expect(findFault({ ...histories, register }, isLinearizable)).toMatch(/not linearizable/);
  expect(findFault({ ...histories, tokens: [7, 5] }, isLinearizable)).toMatch(/stale token/);
  expect(findFault({ ...histories, done: new Set() }, isLinearizable)).toMatch(/lost/);
});
