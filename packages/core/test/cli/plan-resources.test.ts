import { expect, test } from "vitest";
import { planResources } from "../../src/cli/data/plan-resources.ts";

const database = (migrations: readonly unknown[], more: object = {}) => ({
  kind: "database",
  name: "orders",
  keeper: "hadron.database",
  options: { migrations, ...more },
});
const kept = {
  declared: [
    database([
      { name: "0001_a", sha256: "a" },
      { name: "0002_b", sha256: "b" },
    ]),
  ],
  things: [],
};
const because = (migrations: readonly unknown[], more?: object) =>
  planResources([database(migrations, more)], [kept]).map((change) => change.because);

test("of what has names, such as migrations, a plan says what comes, goes and changes", () => {
  expect(
    because([
      { name: "0001_a", sha256: "a" },
      { name: "0002_b", sha256: "b" },
    ]),
  ).toEqual([]);
  expect(
    because([
      { name: "0001_a", sha256: "x" },
      { name: "0003_c", sha256: "c" },
    ]),
  ).toEqual(["migrations ~0001_a -0002_b +0003_c"]);
  expect(because([], { slowMs: 5 })).toEqual(["migrations -0001_a -0002_b, slowMs nothing → 5"]);
  expect(because([1, null])).toEqual([`migrations ${JSON.stringify(kept.declared[0]?.options.migrations)} → [1,null]`]);
});
