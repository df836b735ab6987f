import { expect, test } from "vitest";
import { checkRecord } from "../../src/backup/check-record.ts";

const blobs = new Map([["abc", 1]]);
const check = (key: unknown, value: unknown) =>
  checkRecord(key, value, blobs, (why) => {
    throw new Error(why);
  });

test.each([
  ["name/a", { digest: "abc" }],
  ["blob/abc", {}],
  ["route/GET /", {}],
  ["filter/1", {}],
  ["schedule/1", {}],
])("a record %s may come", (key, value) => {
  expect(() => check(key, value)).not.toThrow();
});

test.each([
  ["token/abc", {}, 'it has a record "token/abc"'],
  ["own/pause", {}, 'it has a record "own/pause"'],
  ["done/1", {}, 'it has a record "done/1"'],
  [7, {}, 'it has a record "7"'],
  ["route/x", null, 'its record "route/x" is none'],
  ["route/x", "text", 'its record "route/x" is none'],
  ["name/a", { digest: "other" }, '"name/a" stands for what is not in it'],
  ["name/a", {}, '"name/a" stands for what is not in it'],
  ["blob/other", {}, '"blob/other" is not in it'],
])("a record %s of %j does not", (key, value, why) => {
  expect(() => check(key, value)).toThrow(why);
});
