import { HadronError, image, procedure, service, type WrappedCall, type Wrapper } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { scatter } from "@hadron/patterns";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";

/** Writes down what it sees of each call that passes. */
function witness(seen: unknown[]): Wrapper {
  return async ({ side, service, procedure, input, caller, meta, context }, next) => {
    const output = await next();
    seen.push({
      side,
      service,
      procedure,
      input,
      caller: caller?.replica,
      meta,
      handler: context?.replica.name,
      output,
    });
    return output;
  };
}

test("one wrapper stands around handlers and around calls, and sees the same call", async () => {
  const seen: unknown[] = [];
  const around = [witness(seen)];
  const greet = service("greet", { hello: (name: string) => `Hello, ${name}!` }, { around });
  const shop = service("shop", () => greet.with({ around, meta: { tenant: "a" } }).hello("Ann"));
  await using _app = await start(shop, greet);
  expect(await shop()).toBe("Hello, Ann!");
  const call = { service: "greet", procedure: "hello", input: "Ann", meta: { tenant: "a" }, output: "Hello, Ann!" };
  expect(seen).toEqual([
    { side: "serving", ...call, caller: "shop.0", handler: "greet.0" },
    { side: "calling", ...call, caller: "shop.0", handler: "shop.0" },
  ]);
  await greet.with({ around }).hello("Bob");
  expect(seen.at(-1)).toMatchObject({ side: "calling", caller: undefined, handler: undefined, meta: {} });
});

test("a call has the same id for its wrappers on both sides and for its handler", async () => {
  const ids: string[] = [];
  const keep: Wrapper = (call, next) => {
    ids.push(call.id);
    return next();
  };
  const one = service("one", (_: unknown, { id }) => id, { around: [keep] });
  await using _app = await start(one);
  const id = await one.with({ around: [keep] })();
  expect(ids).toEqual([id, id]);
  ids.length = 0;
  const two = [await one.with({ around: [keep] })(), await one.with({ around: [keep] })()];
  expect(new Set([...ids, ...two]).size).toBe(2);
});

test("the first wrapper is outermost; each may change input and metadata, and what comes back", async () => {
  const add =
    (letter: string): Wrapper =>
    async ({ input, meta }, next) =>
      `${await next({ input: `${input}${letter}`, meta: { way: `${meta.way ?? ""}${letter}` } })}${letter}`;
  const one = service("one", (input: string, { meta }) => `${input}|${meta.way}|`, { around: [add("c"), add("d")] });
  await using _app = await start(one);
  expect(await one.with({ around: [add("a")] }).with({ around: [add("b")] })("")).toBe("abcd|abcd|dcba");
});

test("what a wrapper adds to the metadata goes down the tree", async () => {
  const below = service("below", (_: unknown, { meta }) => meta);
  const top = service("top", () => below(), { around: [(_, next) => next({ meta: { user: "ann" } })] });
  await using _app = await start(top, below);
  expect(await top()).toEqual({ user: "ann" });
});

test("a wrapper that refuses a call says so to the caller, and its handler does not run, nor its schema", async () => {
  let runs = 0;
  const signedIn: Wrapper = (call, next) => {
    if (call.caller === undefined && call.meta.token !== "secret")
      throw new HadronError("UNAUTHENTICATED", "Sign in first.");
    return next();
  };
  const pay = service(
    "pay",
    procedure({ input: z.object({ amount: z.number() }) }, () => ++runs),
    { around: [signedIn] },
  );
  const shop = service("shop", () => pay({ amount: 1 }));
  await using _app = await start(shop, pay);
  await expect(pay("nonsense" as never)).rejects.toMatchObject({
    code: "UNAUTHENTICATED",
    detail: "Sign in first.",
    path: ["pay"],
  });
  expect(runs).toBe(0);
  expect(await pay.with({ meta: { token: "secret" } })({ amount: 1 })).toBe(1);
  expect(await shop()).toBe(2);
  await expect(pay.with({ meta: { token: "secret" } })("nonsense" as never)).rejects.toMatchObject({
    code: "INVALID_INPUT",
  });
});

test("a wrapper may answer by itself, on either side, and call again what failed", async () => {
  let runs = 0;
  const one = service("one", (input: number) => {
    runs++;
    if (runs === 1) throw new HadronError("ABORTED", "A conflict.");
    return input;
  });
  const cache = new Map<unknown, unknown>();
  const cached: Wrapper = async ({ input }, next) => {
    if (!cache.has(input)) cache.set(input, await next());
    return cache.get(input);
  };
  const again: Wrapper = (_, next) => next().catch(() => next());
  await using app = await start(one);
  const client = one.with({ around: [cached, again] });
  expect([await client(7), await client(7), await client(8)]).toEqual([7, 7, 8]);
  expect(app.replica(one).calls).toBe(3);
});

test("wrappers stand around streams, in and out", async () => {
  const seen: string[] = [];
  async function* doubled(items: AsyncIterable<number>) {
    for await (const item of items) yield 2 * item;
  }
  const around: Wrapper[] = [
    async ({ side, input }, next) => {
      const output = (await next({ input: doubled(input as AsyncIterable<number>) })) as AsyncIterable<number>;
      seen.push(side);
      return doubled(output);
    },
  ];
  const echo = service(
    "echo",
    async function* (items: AsyncIterable<number>) {
      yield* items;
    },
    { around },
  );
  await using _app = await start(echo);
  async function* numbers() {
    for (let n = 1; n <= 3; n++) yield n;
  }
  const got: number[] = [];
  for await (const item of echo.with({ around })(numbers())) got.push(item);
  expect(got).toEqual([16, 32, 48]);
  expect(seen).toEqual(["serving", "calling"]);
});

test("wrappers of a pattern stand around its root alone", async () => {
  const seen: unknown[] = [];
  const all = service(
    "all",
    scatter(
      2,
      () => 1,
      (replies) => replies.length,
    ),
    { around: [witness(seen)] },
  );
  await using _app = await start(all);
  expect(await all()).toBe(2);
  expect(seen).toMatchObject([{ service: "all", handler: "all.0", output: 2 }]);
});

test("what cannot stand around handlers is refused where it is declared, and types are inferred", () => {
  expect(() => service("one", () => 1, { around: ["no" as never] })).toThrow("around holds string");
  expect(() => service("cache", image("redis:7"), { around: [(_, next) => next()] })).toThrow("an image has none");
  service("one", () => 1, {
    around: [
      (call, next) => {
        expectTypeOf(call).toEqualTypeOf<WrappedCall>();
        expectTypeOf(next()).toEqualTypeOf<Promise<unknown>>();
        return next();
      },
    ],
  });
});
