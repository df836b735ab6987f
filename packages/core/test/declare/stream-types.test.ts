import { type Client, type Context, procedure, service } from "@hadron/core";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";

test("what an async generator yields is iterated by its callers, and cannot be awaited for", () => {
  const count = service("count", async function* (to: number, _context: Context) {
    for (let n = 0; n < to; n++) yield n;
  });
  expectTypeOf(count).parameters.toEqualTypeOf<[input: number]>();
  expectTypeOf(count).returns.toEqualTypeOf<AsyncIterable<number>>();
  // @ts-expect-error: the input is a number
  const wrong = () => count("x");
  // @ts-expect-error: a stream is no promise
  const awaited = () => count(1).then(() => {});
  const taken = async () => {
    for await (const n of count.with({ timeoutMs: 5 })(1)) expectTypeOf(n).toEqualTypeOf<number>();
  };
  void [wrong, awaited, taken];
});

test("any async iterable is a stream, promised or not; a plain one is a value", () => {
  const api = service("api", {
    iterable: (_: string): AsyncIterable<Date> => null as never,
    promised: async () => null as unknown as AsyncGenerator<string, number, boolean>,
    list: () => [1, 2],
    items: (): Iterable<number> => [1],
    either: (): AsyncIterable<number> | number => 1,
    any: (): any => 1,
    never: (): never => {
      throw new Error();
    },
    unknown: (): unknown => 1,
  });
  expectTypeOf(api.iterable).returns.toEqualTypeOf<AsyncIterable<Date>>();
  expectTypeOf(api.promised).returns.toEqualTypeOf<AsyncIterable<string>>();
  expectTypeOf(api.list).returns.toEqualTypeOf<Promise<number[]>>();
  expectTypeOf(api.items).returns.toExtend<Promise<Iterable<number>>>();
  expectTypeOf(api.either).returns.toEqualTypeOf<Promise<AsyncIterable<number> | number>>();
  expectTypeOf(api.any).returns.toEqualTypeOf<Promise<any>>();
  expectTypeOf(api.never).returns.toEqualTypeOf<Promise<never>>();
  expectTypeOf(api.unknown).returns.toEqualTypeOf<Promise<unknown>>();
  expectTypeOf(api.with({ timeoutMs: 1 }).iterable).returns.toEqualTypeOf<AsyncIterable<Date>>();
});

test("an input may be a stream", () => {
  const sum = service("sum", async (_: AsyncIterable<number>) => 1);
  expectTypeOf(sum).parameters.toEqualTypeOf<[input: AsyncIterable<number>]>();
  expectTypeOf(sum).returns.toEqualTypeOf<Promise<number>>();
  const numbers = async function* () {
    yield 1;
  };
  const words = async function* () {
    yield "a";
  };
  const right = () => sum(numbers());
  // @ts-expect-error: the items are numbers
  const wrong = () => sum(words());
  void [right, wrong];
});

test("a stream has options, too", () => {
  const items = procedure({ output: z.number(), description: "Numbers." }, async function* (_: string) {
    yield 1;
  });
  expectTypeOf(service("items", items)).toExtend<Client<(input: string) => AsyncIterable<number>>>();
  expectTypeOf(service("items", items)).returns.toEqualTypeOf<AsyncIterable<number>>();
});
