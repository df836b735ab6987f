import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { count, total, triangles } from "../count.ts";
import { weather } from "../fallback.ts";
import { clock, greet, name } from "../greetings.ts";
import { hello } from "../hello.ts";
import { histogram } from "../histogram.ts";
import { counts } from "../shard.ts";
import { factors } from "../spread.ts";
import { tree } from "../tree.ts";

test("hello greets whoever it is told, and the world otherwise", async () => {
  await using _app = await start(hello);
  expect(await hello("Ann")).toBe("Hello, Ann!");
  expect(await hello()).toBe("Hello, world!");
});

test("the histogram has ten buckets of a thousand numbers around the middle, fresh each time", async () => {
  await using app = await start(histogram);
  expect(app.replicas()).toHaveLength(11);
  const [one, other] = [await histogram(), await histogram()];
  expect(one).toHaveLength(10);
  expect(one).not.toEqual(other);
  const sum = one.reduce((a, b) => a + b, 0);
  expect(sum).toBeGreaterThan(980);
  expect(sum).toBeLessThanOrEqual(1000);
  expect(one[4]! + one[5]!).toBeGreaterThan(400);
});

test("the histogram fails without one of its leaves, and says which", async () => {
  await using app = await start(histogram);
  app.replica("histogram-service.leaf", 3).kill();
  await expect(histogram()).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringContaining("histogram-service.leaf.3"),
  });
  app.replica("histogram-service.leaf", 3).restart();
  expect(await histogram()).toHaveLength(10);
});

test("counters stay on their shard", async () => {
  await using _app = await start(counts);
  const users = ["ann", "bob", "cid", "dan", "eve"];
  const first = await Promise.all(users.map((user) => counts.increment({ user })));
  const second = await Promise.all(users.map((user) => counts.increment({ user })));
  expect(second.map((one) => one.shard)).toEqual(first.map((one) => one.shard));
  expect(second.map((one, index) => one.count - first[index]!.count)).toEqual([1, 1, 1, 1, 1]);
  expect(new Set(first.map((one) => one.shard)).size).toBeGreaterThan(1);
});

test("factors come from any worker", async () => {
  await using _app = await start(factors);
  const all = await Promise.all(Array.from({ length: 40 }, (_, i) => factors({ number: 1001 + i })));
  expect(all[0]!.factors).toEqual([7, 11, 13]);
  expect(new Set(all.map((one) => one.worker)).size).toBe(4);
});

test("the tree counts words over twelve leaves", async () => {
  await using app = await start(tree);
  expect(app.replicas()).toHaveLength(16);
  // Each branch sees all words, split over its four leaves.
  expect(await tree("is")).toBe(2 * 3);
  expect(await tree("zebra")).toBe(0);
});

test("services call each other", async () => {
  await using _app = await start(greet, clock, name);
  expect(await greet("Ann")).toMatch(/^Good (morning|day), dear Ann!$/);
  expect(await name.short("ann")).toBe("A");
});

test("a service that is not in the app is a clear error", async () => {
  await using _app = await start(greet, clock);
  await expect(greet("Ann")).rejects.toThrow(
    '"name" is not in the app "test", which has greet, clock. Give it to run(…) beside the others.',
  );
});

test("a pattern of one's own: the second answers where the first cannot", async () => {
  await using _app = await start(weather);
  expect(await weather("Oslo")).toMatchObject({ source: "station" });
  expect(await weather("Rome")).toMatchObject({ source: "climate table" });
});

test("the count comes item by item, and stops where nobody wants more", async () => {
  await using app = await start(count, total, triangles);
  const all: number[] = [];
  for await (const n of count({ to: 5 })) all.push(n);
  expect(all).toEqual([1, 2, 3, 4, 5]);
  for await (const n of count({ to: 1e9, everyMs: 1 })) if (n === 3) break;
  const sums: number[] = [];
  for await (const sum of triangles(30)) sums.push(sum);
  expect(sums).toEqual([1, 3, 6, 10, 15, 21, 28]);
  expect(app.replica("total").calls).toBe(1);
});
