import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { jsonLinesOf, LineSplitter, linesOf } from "../../src/shared/lines.ts";

test("lines come whole, wherever the pieces were cut, an umlaut's bytes included", async () => {
  const bytes = Buffer.from("über\n\nlast");
  const pieces = [...bytes].map((byte) => Buffer.from([byte]));
  expect(await Array.fromAsync(linesOf(Readable.from(pieces)))).toEqual(["über", "", "last"]);
});

test("a text that ends with a line's end has no line after it", async () => {
  expect(await Array.fromAsync(linesOf(Readable.from([Buffer.from("a\nb\n")])))).toEqual(["a", "b"]);
});

test("JSON lines are parsed, empty ones passed over", async () => {
  const text = '{"a":1}\r\n\r\n{"a":2}';
  expect(await Array.fromAsync(jsonLinesOf(Readable.from([Buffer.from(text)])))).toEqual([{ a: 1 }, { a: 2 }]);
});

test("a splitter keeps what has not ended, and gives it once", () => {
  const splitter = new LineSplitter();
  expect(splitter.push("a\nb")).toEqual(["a"]);
  expect(splitter.rest).toBe("b");
  expect(splitter.end()).toBe("b");
  expect(splitter.end()).toBeUndefined();
});
