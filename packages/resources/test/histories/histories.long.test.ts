import { expect, test } from "vitest";
import { isLinearizable } from "./linearizable.ts";
import { findFault, runHistories } from "./store-histories.ts";

const SEEDS = 2000;

test("thousands of seeds: one copy of each key, one writer by token, no message lost", {
  timeout: 3_600_000,
}, async () => {
  const faults: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const fault = findFault(await runHistories(seed), isLinearizable);
    if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`);
  }
  expect(faults).toEqual([]);
});
