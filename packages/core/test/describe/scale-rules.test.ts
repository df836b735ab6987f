import { service } from "@hadron/core";
import { checkScale, compose } from "@hadron/core/spi";
import { scatter } from "@hadron/patterns";
import { expect, test } from "vitest";

const leaf = (n: number) => n;
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
const { services } = compose("test", [
  service("tree", scatter(3, scatter(4, leaf, sum), sum)),
  service("kept", leaf, { storage: { path: "data" } }),
]).topology;

test("takes a count that fits", () => {
  expect(checkScale(services, "tree", 2).name).toBe("tree");
  expect(checkScale(services, "tree.leaf.leaf", 15).name).toBe("tree.leaf.leaf");
  expect(checkScale(services, "kept", 1).name).toBe("kept");
});

test.each([
  ["tree.laef", 2, /There is no service "tree\.laef"\. Did you mean "tree\.leaf"\?/],
  ["tree", 0, /cannot have 0 replicas/],
  ["tree", 1.5, /cannot have 1.5 replicas/],
  [
    "tree.leaf",
    4,
    /Each shard of "tree\.leaf" has replicas of its own of tree\.leaf\.leaf.*change the count in the file/,
  ],
  ["tree.leaf.leaf", 13, /give a multiple of 3, not 13/],
  [
    "kept",
    2,
    /"kept" has storage, and is the only one that writes to it: it cannot have 2 replicas. Make it a leaf of shard/,
  ],
])("refuses %s to %d", (name, count, message) => {
  expect(() => checkScale(services, name, count)).toThrow(message);
});
