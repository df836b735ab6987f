import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { mapReduce, spread } from "@hadron/patterns";
import { wasm } from "@hadron/wasm";
import { expect, expectTypeOf, test } from "vitest";
import { at } from "./at.ts";

test("a program's input is what it reads, and its output what it writes", async () => {
  const upper = service("upper", wasm(at("uppercase")));
  await using _ = await start(upper);
  expectTypeOf(upper).parameter(0).toEqualTypeOf<string | undefined>();
  expect(await upper("grüße")).toBe("GRüßE");
  expect(await upper("")).toBe("");
  expect(await upper()).toBe("");
});

test("what goes in and out is text, JSON or bytes, as it is declared", async () => {
  const json = service("json", wasm(at("uppercase"), { input: "json" }));
  const bytes = service("bytes", wasm(at("uppercase"), { input: "bytes" }));
  const mixed = service("mixed", wasm(at("uppercase"), { input: "text", output: "bytes" }));
  await using _ = await start(json, bytes, mixed);
  expectTypeOf(bytes).returns.toEqualTypeOf<Promise<Uint8Array>>();
  expect(await json({ a: "b" })).toEqual({ A: "B" });
  expect(await bytes(Uint8Array.of(0, 97, 255))).toEqual(Uint8Array.of(0, 65, 255));
  expect(await mixed("ab")).toEqual(Uint8Array.of(65, 66));
  await expect(json([null])).rejects.toMatchObject({
    code: "INVALID_OUTPUT",
    message: expect.stringMatching(/no JSON/),
  });
  // @ts-expect-error: input is bytes.
  await expect(bytes("text")).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/takes bytes.*given string/),
  });
  const broken = bytes(new Uint8Array(1000).fill(200));
  expect(await broken).toHaveLength(1000);
});

test("every pattern takes it, and each call has an instance of its own", async () => {
  const many = service("many", spread(2, wasm(at("uppercase"), { threads: 2 })));
  await using _ = await start(many);
  const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
  expect(await Promise.all(texts.map((text) => many(text)))).toEqual(texts.map((text) => text.toUpperCase()));
});

test("a function is called with numbers, of each type", async () => {
  const of = <H extends (input: any) => unknown>(start: string) => service(start, wasm<H>(at("math"), { start }));
  const add = of<(of: [number, number]) => number>("add");
  const sum64 = of<(of: [bigint | number, bigint]) => bigint>("sum64");
  const half = of<(of: number) => number>("half");
  const swap = of<(of: [number, number]) => [number, number]>("swap");
  const nothing = of<() => void>("nothing");
  await using _ = await start(add, sum64, half, swap, nothing);
  expect(await add([2, 3])).toBe(5);
  expect(await add([2 ** 32 - 1, 0])).toBe(-1);
  expect(await sum64([2n ** 62n, 1n])).toBe(2n ** 62n + 1n);
  expect(await sum64([7, 1n])).toBe(8n);
  expect(await half(5)).toBe(2.5);
  expect(await swap([1, 0.5])).toEqual([0.5, 1]);
  expect(await nothing()).toBeUndefined();
  await expect(add([1, 2, 3] as never)).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/2 numbers, and was given 3/),
  });
  await expect(add([1.5, 2])).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/1\. number should be an i32, and is 1\.5/),
  });
  await expect(sum64([2n ** 64n, 1n])).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

test("a module calls those that it is linked to", async () => {
  const link = {
    adder: wasm(at("math"), { start: "add" }),
    "api-demo-c": wasm(at("api-demo"), { start: "twice" }),
  };
  const interop = service("interop", wasm<(of: [number, number]) => number>(at("interop"), { start: "process", link }));
  await using _ = await start(interop);
  expect(await interop([20, 1])).toBe(42);
});

test("a program of WASI's first form seeks from where that form says", async () => {
  const old = service("old", wasm(at("old-seek")));
  await using _ = await start(old);
  expect(await old("abcdef")).toBe("def");
});

test("a module reads a stream as it comes, and writes as it goes", async () => {
  const upper = service("upper", wasm(at("uppercase"), { stream: true }));
  await using _ = await start(upper);
  const read: number[] = [];
  async function* input() {
    for (let part = 0; part < 200; part++) {
      read.push(part);
      yield new Uint8Array(4096).fill(97);
    }
  }
  let bytes = 0;
  for await (const part of upper(input())) {
    expect(part.every((byte) => byte === 65)).toBe(true);
    bytes += part.length;
  }
  expect(bytes).toBe(200 * 4096);

  read.length = 0;
  for await (const _part of upper(input())) break;
  // Whoever has enough ends it: what was on its way is a few of them, and not all.
  expect(read.length).toBeLessThan(150);
});

test("map and reduce may be modules", async () => {
  const half = wasm<(part: number) => number>(at("math"), { start: "half" });
  const reduce = wasm<(pair: [number, number]) => number>(at("math"), { start: "add" });
  const halves = service("halves", mapReduce({ split: (numbers: number[]) => numbers, map: half, reduce, workers: 2 }));
  await using _ = await start(halves);
  expect(await halves([2, 4, 6])).toBe(6);
});

test("a program in Rust, with its whole library, counts words for map and reduce", async () => {
  type Counts = Record<string, number>;
  const words = service(
    "words",
    mapReduce({
      split: (text: string) => text.split("\n"),
      map: wasm(at("words")),
      reduce: ([one, other]: [string, string]) => one + other,
      workers: 2,
    }),
  );
  await using _ = await start(words);
  const counts: Counts = {};
  for (const line of (await words("to be or\nnot to be\nBE")).trim().split("\n")) {
    const [word = "", count] = line.split(" ");
    counts[word] = (counts[word] ?? 0) + Number(count);
  }
  expect(counts).toEqual({ be: 3, not: 1, or: 1, to: 2 });
});

test("a module in AssemblyScript is called with numbers, and says where an assertion of it fails", async () => {
  const primes = service("primes", wasm<(below: number) => number>(at("primes")));
  await using _ = await start(primes);
  expect(await primes(1000)).toBe(168);
  await expect(primes(1)).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    message: expect.stringMatching(/an assertion of it failed/),
  });
});
