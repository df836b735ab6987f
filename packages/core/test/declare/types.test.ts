import { type Client, type Context, procedure, service } from "@hadron/core";
import { type } from "arktype";
import * as v from "valibot";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";

test("a handler's input and output are its client's", () => {
  const greet = service("greet", (name: string) => name.length);
  expectTypeOf(greet).parameters.toEqualTypeOf<[input: string]>();
  expectTypeOf(greet).returns.toEqualTypeOf<Promise<number>>();
  // @ts-expect-error: input is a string
  const wrong = () => greet(1);
  // @ts-expect-error: an input is needed
  const missing = () => greet();
  void [wrong, missing];
});

test("a handler without input takes none, one with a default takes it or not", () => {
  const now = service("now", () => 1);
  expectTypeOf(now).parameters.toEqualTypeOf<[]>();
  const hello = service("hello", (name: string = "world") => name);
  expectTypeOf(hello).parameters.toEqualTypeOf<[input?: string | undefined]>();
  // @ts-expect-error: there is no input
  const wrong = () => now("x");
  void wrong;
});

test("an async handler, and one that returns nothing", () => {
  const later = service("later", async (n: number) => String(n));
  expectTypeOf(later).returns.toEqualTypeOf<Promise<string>>();
  const nothing = service("nothing", (_: number) => {});
  expectTypeOf(nothing).returns.toEqualTypeOf<Promise<void>>();
});

test("an object of handlers gives a client with as many functions", () => {
  const store = service("store", {
    put: (entry: { key: string; value: number }, _context: Context) => entry.value,
    list: () => ["a"],
  });
  expectTypeOf(store.put).parameters.toEqualTypeOf<[input: { key: string; value: number }]>();
  expectTypeOf(store.list).returns.toEqualTypeOf<Promise<string[]>>();
  // @ts-expect-error: value is a number
  const wrong = () => store.put({ key: "a", value: "b" });
  // @ts-expect-error: there is no such procedure
  const none = () => store.del;
  void [wrong, none];
});

test("with() keeps the type", () => {
  const greet = service("greet", (name: string) => name.length);
  expectTypeOf(greet.with({ timeoutMs: 5 })).toEqualTypeOf<Client<(name: string) => number>>();
  // @ts-expect-error: there is no such option
  greet.with({ timeout: 5 });
});

test("a schema types the input from outside and from inside", () => {
  const length = service(
    "length",
    procedure({ input: z.string().transform((text) => text.length) }, (n) => {
      expectTypeOf(n).toEqualTypeOf<number>();
      return n > 3;
    }),
  );
  expectTypeOf(length).parameters.toEqualTypeOf<[input: string]>();
  expectTypeOf(length).returns.toEqualTypeOf<Promise<boolean>>();
  const valibot = service(
    "valibot",
    procedure({ input: v.object({ n: v.number() }) }, ({ n }) => n),
  );
  expectTypeOf(valibot).parameters.toEqualTypeOf<[input: { n: number }]>();
  const arktype = service(
    "arktype",
    procedure({ input: type({ n: "number" }) }, ({ n }) => n),
  );
  expectTypeOf(arktype).parameters.toEqualTypeOf<[input: { n: number }]>();
});

test("a procedure without schema keeps its handler's type", () => {
  const add = service("add", { add: procedure({ idempotent: true }, (n: number) => n + 1) });
  expectTypeOf(add.add).parameters.toEqualTypeOf<[input: number]>();
});
