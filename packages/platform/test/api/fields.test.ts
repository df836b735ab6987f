import { expect, test } from "vitest";
import { checkContentType, checkFree, checkMethod, checkName } from "../../src/api/checks.ts";
import { Fields } from "../../src/api/fields.ts";

const fields = (value: unknown) => new Fields(Buffer.from(JSON.stringify(value)));
const refusal = (message: string) =>
  expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringContaining(message) });

test.each([
  ["{", "The body is no JSON: "],
  ["[]", "The body should be an object of JSON."],
  ["null", "should be an object"],
  ['"a"', "should be an object"],
])("a body of %s is refused", (text, message) => {
  expect(() => new Fields(Buffer.from(text))).toThrow(refusal(message));
});

test("bytes that are no text are refused; nothing at all is no field", () => {
  expect(() => new Fields(Buffer.from([0x22, 0xff, 0x22]))).toThrow(refusal("no JSON"));
  expect(new Fields(new Uint8Array()).has("a")).toBe(false);
});

test("a field that is not there, or null, is what it is otherwise", () => {
  const given = fields({ none: null });
  expect([given.has("none"), given.has("other"), fields({ a: 0 }).has("a")]).toEqual([false, false, true]);
  expect(given.text("none", "else")).toBe("else");
  expect(() => given.text("none")).toThrow(refusal('"none" should be a text.'));
  expect([given.texts("none"), given.numbers("none"), given.number("none")]).toEqual([[], [], undefined]);
  expect([given.isTrue("none"), given.base64("none").length]).toEqual([false, 0]);
});

test("each is checked for what it should be", () => {
  const given = fields({
    t: "a",
    ts: ["a", 1],
    ns: [1, 1.5],
    n: 0.5,
    zero: 0,
    neg: -1,
    yes: true,
    b: "aGk=",
    word: "true",
  });
  expect([given.text("t"), given.number("n"), given.isTrue("yes"), given.isTrue("word")]).toEqual([
    "a",
    0.5,
    true,
    false,
  ]);
  expect(String(given.base64("b"))).toBe("hi");
  expect(fields({ ts: ["a", "b"], ns: [1, -2] }).texts("ts")).toEqual(["a", "b"]);
  expect(fields({ ns: [1, -2] }).numbers("ns")).toEqual([1, -2]);
  expect(() => given.text("n", "else")).toThrow(refusal('"n" should be a text.'));
  for (const name of ["ts", "t"])
    expect(() => given.texts(name)).toThrow(refusal(`"${name}" should be a list of texts.`));
  for (const name of ["ns", "n"])
    expect(() => given.numbers(name)).toThrow(refusal(`"${name}" should be a list of whole numbers.`));
  for (const name of ["zero", "neg", "t"])
    expect(() => given.number(name)).toThrow(refusal(`"${name}" should be a number above 0.`));
  for (const text of ["$", "aGk=x", "a-_b", "===", "=a"])
    expect(() => fields({ b: text }).base64("b")).toThrow(refusal('"b" should be base64.'));
  for (const text of ["aGk=", "aGk", "aG\nk=\n", ""])
    expect(fields({ b: text }).base64("b")).toBeInstanceOf(Uint8Array);
});

test("names, methods, paths and content types are what they can be", () => {
  for (const name of ["a", "9", "a.b_c-D", "a".repeat(128)]) expect(checkName(name)).toBe(name);
  for (const name of ["", "-a", ".a", "a/b", "a b", "ä", "a".repeat(129), "a\n"])
    expect(() => checkName(name)).toThrow(refusal("The name "));
  for (const method of ["get", "POST", "Put", "patch", "DELETE", "head", "OPTIONS"])
    expect(checkMethod(method)).toBe(method.toUpperCase());
  for (const method of ["BREW", "", "GETS"])
    expect(() => checkMethod(method)).toThrow(refusal(`"${method}" is none of GET`));
  for (const path of ["/", "/a", "/my-own-clusters", "/a/my-own-cluster"]) expect(checkFree(path)).toBe(path);
  for (const path of ["/my-own-cluster", "/my-own-cluster/api"])
    expect(() => checkFree(path)).toThrow(refusal("/my-own-cluster are the platform's own"));
  for (const type of ["text/plain", "text/html; charset=utf-8", "application/x.y+json", "a/b;"])
    expect(checkContentType(type)).toBe(type);
  for (const type of ["", "text", "text/", "/plain", "text/plain; a=ä", "text/plain\r\nx: y", "a b/c"])
    expect(() => checkContentType(type)).toThrow(refusal("The content type "));
});
