import { expect, test } from "vitest";
import { toJsonText } from "../../src/values/json-form.ts";

const form = (value: unknown) => JSON.parse(toJsonText(value, "output"));

test("what JSON has no word for has the form that docs/calls.md promises", () => {
  const map = new Map<unknown, unknown>([
    ["a", 1],
    [2, new Set([5n])],
  ]);
  expect(form(map)).toEqual([
    ["a", 1],
    [2, ["5"]],
  ]);
  expect(form({ at: new Set([1, 2]), re: /a+/gi })).toEqual({ at: [1, 2], re: "/a+/gi" });
  expect(form([new Uint8Array([1]), new Uint8Array([2, 3]).buffer, Buffer.from([1])])).toEqual([
    "AQ==",
    "AgM=",
    "AQ==",
  ]);
  expect(form([new Float64Array([1.5]), new BigInt64Array([7n]), 5n])).toEqual([[1.5], ["7"], "5"]);
  expect(form(new TypeError("no", { cause: new Error("db") }))).toEqual({
    name: "TypeError",
    message: "no",
    cause: { name: "Error", message: "db" },
  });
  expect(form([new Date(0), undefined, Number.NaN, { a: undefined }])).toEqual([
    "1970-01-01T00:00:00.000Z",
    null,
    null,
    {},
  ]);
});

test("an object that says what JSON it is, is that", () => {
  expect(form({ a: { toJSON: () => new Map([["k", 1n]]) } })).toEqual({ a: [["k", "1"]] });
  expect(form(Object.assign(new Error("x"), { toJSON: () => ({ status: 404 }) }))).toEqual({ status: 404 });
});

test("keys of any name survive the copy", () => {
  const text = '{"__proto__":1,"constructor":2,"toString":"3"}';
  expect(toJsonText(Object.assign(JSON.parse(text), { n: 1n }), "output")).toBe(
    '{"__proto__":1,"constructor":2,"toString":"3","n":"1"}',
  );
});

test("what has no form is refused with the place where it is", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(() => form({ a: [() => 1] })).toThrow("output.a[0] is a function; send data");
  expect(() => form(new Map([["k", Symbol("s")]]))).toThrow("a member of output is a symbol");
  expect(() => form(circle)).toThrow("output.self contains itself");
  expect(() => form(() => 1)).toThrow("output is a function");
});
