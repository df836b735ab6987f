import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { counter, kept } from "./own-modules-app.ts";

test("a resource is reached from a replica's own module, and from the test's; only what it keeps outlives a restart", async () => {
  await using app = await start(counter, kept);
  expect(app.sharedBecause).toBeUndefined();
  expect([await counter(), await counter()]).toEqual([1, 2]);
  expect(await kept.get("count")).toBe(2);
  app.replica(counter).restart();
  expect(await kept.get("count")).toBe(2);
  expect(await counter()).toBe(1);
  expect(await kept.get("count")).toBe(1);
});
