import { expect, test } from "vitest";
import { didYouMean, nearest } from "../src/nearest.ts";

const verbs = ["up", "call", "plan", "status", "logs", "scale", "describe", "export", "delete"];

test.each([
  ["stauts", "status"],
  ["upp", "up"],
  ["pu", "up"],
  ["desc", "describe"],
  ["DELETE", "delete"],
  ["log", "logs"],
  ["plna", "plan"],
])("%s was meant as %s", (typed, meant) => {
  expect(nearest(typed, verbs)).toBe(meant);
});

test("what is close to nothing gets no suggestion", () => {
  expect(nearest("frobnicate", verbs)).toBeUndefined();
  expect(nearest("", verbs)).toBeUndefined();
  expect(nearest("x".repeat(1_000_000), verbs)).toBeUndefined();
  expect(didYouMean("frobnicate", verbs)).toBe("");
  expect(didYouMean("stauts", verbs)).toBe(' Did you mean "status"?');
});
