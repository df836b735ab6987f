import { type Context, HadronError, procedure, service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { scatter, spread } from "@hadron/patterns";
import { expect, expectTypeOf, test } from "vitest";
import { createRig } from "./rig.ts";

const idempotent = true;
const ID = /^[0-9a-f]{16}-[0-9a-z]+$/;

test("metadata goes down the whole tree; each call adds to it, and takes out what is undefined", async () => {
  const seen: Record<string, unknown> = {};
  const see = (name: string) => (_: unknown, context: Context) => {
    seen[name] = context.meta;
  };
  const below = service("below", see("below"));
  const leaves = service(
    "leaves",
    scatter(2, see("leaf"), async (replies) => {
      await below.with({ meta: { tenant: undefined, step: '2 = 1 + 1, "ü" 🙂' } })();
      return replies.length;
    }),
  );
  const top = service("top", async (input: unknown, context: Context) => {
    see("top")(input, context);
    return leaves();
  });
  await using _app = await start(top, leaves, below);
  expect(await top.with({ meta: { tenant: "a" } }).with({ meta: { locale: "de" }, timeoutMs: 5000 })()).toBe(2);
  expect(seen).toEqual({
    top: { tenant: "a", locale: "de" },
    leaf: { tenant: "a", locale: "de" },
    below: { locale: "de", step: '2 = 1 + 1, "ü" 🙂' },
  });
  await top();
  expect(seen.top).toEqual({});
  expectTypeOf<Context["meta"]>().toEqualTypeOf<Readonly<Record<string, string>>>();
});

test("metadata that cannot be sent fails its call before anything is", async () => {
  const greet = service("greet", (name: string) => name);
  await using app = await start(greet);
  const call = (meta: Record<string, string>) => greet.with({ meta })("Ann");
  await expect(call({ "two words": "x" })).rejects.toMatchObject({ code: "WRONG_USE" });
  await expect(call({ "": "x" })).rejects.toMatchObject({ code: "WRONG_USE" });
  await expect(call({ n: 7 as never })).rejects.toMatchObject({ code: "WRONG_USE" });
  await expect(call({ big: "x".repeat(8189) })).rejects.toMatchObject({
    code: "TOO_LARGE",
    message: expect.stringContaining("8193 bytes"),
  });
  expect(app.replica(greet).calls).toBe(0);
  expect(await call({ big: "x".repeat(8188) })).toBe("Ann");
  expect(await call({ ["__proto__"]: "x" })).toBe("Ann");
});

test("a handler knows which service calls it, and that a call comes from outside", async () => {
  const who = service("who", (_: unknown, { caller }: Context) => caller);
  const shop = service("shop", async () => who(), { replicas: 1 });
  await using _app = await start(who, shop);
  expect(await shop()).toMatchObject({ service: "shop", replica: "shop.0" });
  expect(await who()).toBeUndefined();
});

test("each call has an id of its own, and a retry has that of its first try", async () => {
  const seen: string[] = [];
  const one = service("one", {
    plain: (_: unknown, { id }: Context) => id,
    again: procedure({ idempotent }, (_: unknown, { id }: Context) => {
      seen.push(id);
      if (seen.length < 3) throw new HadronError("UNAVAILABLE", "not now", { retryAfterMs: 1 });
      return id;
    }),
  });
  await using rig = createRig(one);
  const [a, b] = [await rig.serve("one", 0), await rig.serve("one", 1)];
  rig.publish("one", [a, b]);
  const ids = await Promise.all(Array.from({ length: 50 }, () => rig.call("one", "plain")));
  for (const id of ids) expect(id).toMatch(ID);
  expect(new Set(ids).size).toBe(50);
  expect(await rig.call("one", "again")).toMatch(ID);
  expect(seen).toHaveLength(3);
  expect(new Set(seen).size).toBe(1);
  expect(ids).not.toContain(seen[0]);
});

test("a call that is sent again since its replica broke keeps its id", async () => {
  const seen: [replica: string, id: string][] = [];
  const held = Promise.withResolvers<void>();
  const one = service(
    "one",
    procedure({ idempotent }, async (_: unknown, { id, replica }: Context) => {
      seen.push([replica.name, id]);
      if (seen.length === 1) await held.promise;
      return id;
    }),
    { replicas: 2 },
  );
  await using app = await start(one);
  const answer = one();
  await expect.poll(() => seen).toHaveLength(1);
  app.replica(seen[0]![0]).kill();
  expect(await answer).toBe(seen[0]![1]);
  expect(seen[1]![1]).toBe(seen[0]![1]);
  expect(seen[1]![0]).not.toBe(seen[0]![0]);
  held.resolve();
});

test("a hedge has the id of the call that it is for", async () => {
  const seen = new Map<string, string>();
  const one = service(
    "one",
    spread(
      2,
      procedure({ idempotent }, async (_: unknown, { id, replica, signal }: Context) => {
        seen.set(replica.name, id);
        if (seen.size === 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return id;
      }),
      { hedge: { afterMs: 5 } },
    ),
  );
  await using _app = await start(one);
  const id = await one();
  expect([...seen.values()]).toEqual([id, id]);
});

test("a caller can give the id, and one that cannot travel is refused", async () => {
  const one = service("one", (_: unknown, { id }: Context) => id);
  await using app = await start(one);
  expect(await one.with({ id: "order-17" })()).toBe("order-17");
  for (const id of ["", "a b", "a\r\nb: c", "x".repeat(256)]) {
    await expect(one.with({ id })()).rejects.toMatchObject({ code: "WRONG_USE" });
  }
  expect(app.replica(one).calls).toBe(1);
});

test("what is left of a call's time is told, and shrinks down the tree", async () => {
  const below = service("below", (_: unknown, { timeLeftMs }: Context) => timeLeftMs);
  const top = service("top", async (_: unknown, { timeLeftMs }: Context) => [timeLeftMs, await below()] as const);
  await using _app = await start(top, below);
  const [first, second] = await top.with({ timeoutMs: 5000 })();
  expect(first).toBeLessThanOrEqual(5000);
  expect(first).toBeGreaterThan(0);
  expect(second).toBeLessThanOrEqual(first);
});

test("a handler has the clock of its replica", async () => {
  const times = service("times", (_: unknown, { clock }: Context) => [clock.wallNow(), clock.random(), clock.uuid()]);
  await using _app = await start(times);
  const before = Date.now();
  const [wall, random, uuid] = await times();
  expect(wall).toBeGreaterThanOrEqual(before);
  expect(random).toBeLessThan(1);
  expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
});
