import { service } from "@hadron/core";
import { compose, type Resource } from "@hadron/core/spi";
import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { database, keyValue, lock, queue } from "../../src/index.ts";

const plain = service("plain", () => 1);

test("an app without resources has nothing of them", () => {
  const { topology } = compose("app", [plain]);
  expect(topology.resources).toBeUndefined();
  expect(topology.services.map(({ name }) => name)).toEqual(["plain"]);
});

test("a resource brings its keeper, once, and is told by describe", () => {
  const carts = keyValue("carts", { ttlMs: 1000 });
  const jobs = queue("jobs", { retries: 2, maxLength: 10 });
  const shop = service("shop", () => 1, { uses: [carts, jobs] });
  const { topology } = compose("app", [shop]);
  expect(topology.services.map(({ name }) => name)).toEqual(["shop", "hadron.store"]);
  expect(topology.services[1]).toMatchObject({ replicas: 1, storage: { path: "store" } });
  expect(topology.services[0]?.uses).toEqual(["keyValue:carts", "queue:jobs"]);
  expect(topology.resources).toEqual([
    { kind: "keyValue", name: "carts", keeper: "hadron.store", options: { ttlMs: 1000 } },
    { kind: "queue", name: "jobs", keeper: "hadron.store", options: { retries: 2, ordered: false, maxLength: 10 } },
  ]);
});

test("a store looks after the databases of an app that has some, and brings none", () => {
  const [carts, orders] = [keyValue("carts"), database("orders")];
  const usesOf = (...uses: readonly Resource[]) => {
    const { topology } = compose("app", [service("shop", () => 1, { uses })]);
    return topology.services.find(({ name }) => name === "hadron.store")?.uses;
  };
  expect(usesOf(carts)).toBeUndefined();
  expect(usesOf(carts, orders)).toEqual(["hadron.database"]);
  expect(usesOf(orders)).toBeUndefined();
});

test("a service that does not say that it uses a resource may not; one that is not there is told how to add it", async () => {
  const carts = keyValue("carts");
  const other = keyValue("other");
  const shop = service("shop", () => carts.set("k", 1), { uses: [carts] });
  const thief = service("thief", () => carts.get("k"));
  const lost = service("lost", () => other.get("k"));
  await using _ = await start(shop, thief, lost);
  await shop();
  await expect(thief()).rejects.toMatchObject({
    code: "PERMISSION_DENIED",
    message: expect.stringMatching(/"thief" does not say that it uses keyValue\("carts"\): add uses: \[carts\]/),
  });
  await expect(lost()).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringMatching(/keyValue\("other"\) is not in the app "test": add uses: \[other\]/),
  });
});

test("a resource given to run may be used by every service, and by the test itself", async () => {
  const carts = keyValue<number>("carts");
  const shop = service("shop", (value: number) => carts.set("k", value));
  await using _ = await start(shop, carts);
  await shop(5);
  expect(await carts.get("k")).toBe(5);
});

test("two of one kind and name are an error that names both places; of two kinds they are two", () => {
  const users = [service("a", () => 1, { uses: [keyValue("x")] }), service("b", () => 1, { uses: [keyValue("x")] })];
  expect(() => compose("app", users)).toThrow(
    /Two of the app are keyValue\("x"\): one declared at .*use\.test\.ts:\d+/,
  );
  const both = service("c", () => 1, { uses: [keyValue("x"), lock("x")] });
  expect(compose("app", [both]).topology.resources).toHaveLength(2);
});

test("two apps of one process do not meet", async () => {
  const carts = keyValue<number>("carts");
  const shop = service(
    "shop",
    { set: (value: number) => carts.set("k", value), get: () => carts.get("k") },
    { uses: [carts] },
  );
  await using first = await start(shop, { app: "first" });
  await using second = await start(shop, { app: "second" });
  await first.client(shop).set(1);
  expect(await second.client(shop).get()).toBeUndefined();
  expect(await first.client(shop).get()).toBe(1);
});

test("what a declaration cannot mean is an error where it stands", () => {
  expect(() => keyValue("Bad Name!")).toThrow(/cannot name a service|"Bad Name!"/);
  expect(() => keyValue("x", { ttlMs: -1 })).toThrow(/ttlMs is -1/);
  expect(() => queue("x", { retries: 0.5 })).toThrow(/retries is 0.5/);
  expect(() => queue("x", { retry: 5 } as never)).toThrow(/knows no option "retry"/);
  expect(() => lock("x", { leaseMs: 0 })).toThrow(/leaseMs is 0/);
  expect(() => service("hadron.store", () => 1)).toThrow(/begin with "hadron\."/);
});
