import { expect, test } from "vitest";
import {
  describeRunLives,
  describeRunLog,
  describeStore,
  readText,
  set,
  TestClient,
  TestTime,
} from "../../src/store/contract/suite/index.ts";
import { MemoryDriver } from "../../src/store/index.ts";

for (const describe of [describeStore, describeRunLog, describeRunLives]) {
  describe("memory", async (time) => {
    const driver = new MemoryDriver(time);
    return { driver, [Symbol.asyncDispose]: () => driver.close() };
  });
}

test("what is read from memory is what was written last, also of more than is kept there", async () => {
  const driver = new MemoryDriver(new TestTime());
  const client = new TestClient(driver);
  const known = new Map<string, string>();
  let state = 1;
  const chance = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  for (let step = 0; step < 2500; step++) {
    const key = `k${chance(500)}`;
    const what = chance(10);
    if (what < 3) {
      const value = `${step}`.padEnd(chance(2) === 0 ? 20_000 : 40_000);
      await client.do(set("s", key, value));
      known.set(key, value);
    } else if (what === 3) {
      await client.do({ kind: "delete", store: "s", key, ifVersion: undefined, fence: undefined });
      known.delete(key);
    } else expect(await readText(driver, "s", key)).toBe(known.get(key));
  }
  expect(known.size).toBeGreaterThan(300);
  await client.do({ kind: "move", what: "store", from: "s", to: "t" });
  const [key = ""] = known.keys();
  expect(await readText(driver, "s", key)).toBeUndefined();
  expect(await readText(driver, "t", key)).toBe(known.get(key));
  await driver.close();
});
