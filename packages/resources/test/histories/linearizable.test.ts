import { expect, test } from "vitest";
import { type Event, isLinearizable } from "./linearizable.ts";

const write = (value: number, begin: number, end: number, isOptional = false): Event<number> => ({
  label: `write ${value}`,
  begin,
  end: isOptional ? Number.POSITIVE_INFINITY : end,
  isOptional,
  apply: () => value,
});
const read = (value: number, begin: number, end: number): Event<number> => ({
  label: `read ${value}`,
  begin,
  end,
  isOptional: false,
  apply: (state) => (state === value ? state : undefined),
});

test("a history that one copy could have had is linearizable", () => {
  expect(isLinearizable([], 0)).toBe(true);
  expect(isLinearizable([write(1, 0, 1), read(1, 2, 3)], 0)).toBe(true);
  // At once: either order will do.
  expect(isLinearizable([write(1, 0, 10), read(0, 1, 2), read(1, 3, 4)], 0)).toBe(true);
  expect(isLinearizable([write(1, 0, 10), write(2, 0, 10), read(2, 1, 3), read(1, 4, 6)], 0)).toBe(true);
});

test("a stale read, a lost write, a read that goes back and one of nothing that was written are found", () => {
  expect(isLinearizable([write(1, 0, 1), read(0, 2, 3)], 0)).toBe(false);
  expect(isLinearizable([write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)], 0)).toBe(false);
  expect(isLinearizable([write(1, 0, 10), read(1, 1, 2), read(0, 3, 4)], 0)).toBe(false);
  expect(isLinearizable([read(7, 0, 1)], 0)).toBe(false);
  // Two saw two writes that were at once in opposite orders.
  const both = [write(1, 0, 20), write(2, 0, 20)];
  expect(isLinearizable([...both, read(1, 1, 2), read(2, 3, 4), read(1, 5, 6)], 0)).toBe(false);
});

test("a write that failed may have happened, later, or not at all; but not come and go", () => {
  expect(isLinearizable([write(1, 0, 0, true), read(0, 1, 2)], 0)).toBe(true);
  expect(isLinearizable([write(1, 0, 0, true), read(0, 1, 2), read(1, 3, 4)], 0)).toBe(true);
  expect(isLinearizable([write(1, 0, 0, true), read(1, 1, 2), read(0, 3, 4)], 0)).toBe(false);
  expect(isLinearizable([write(1, 5, 0, true), read(1, 1, 2)], 0)).toBe(false);
});
