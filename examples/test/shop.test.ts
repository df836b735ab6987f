import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { mailer, nightly, shop, watcher } from "../shop.ts";

test("three nights of the shop: what was sold is reported each night, and another leads where the leader died", async () => {
  await using app = await start(shop, mailer, nightly, watcher, { time: "virtual", captures: { commit: "abc" } });
  for (const item of ["tea", "cake"]) await shop.add({ user: "ann", item });
  await shop.buy("ann");
  expect(await shop.mailed({ user: "ann", sale: "1" })).toBe(true);
  expect(await shop.report()).toBe("");
  await app.advance("1d");
  expect(await shop.report()).toBe("ann,2\n");

  const { commit, leader } = await shop.about();
  expect(commit).toBe("abc");
  await shop.add({ user: "bob", item: "tea" });
  await shop.buy("bob");
  app.replica("watcher", 0).restart();
  await app.advance("1d");
  expect(await shop.report()).toBe("ann,2\nbob,1\n");
  app.replica("watcher", 1).restart();
  await app.advance("1m");
  expect((await shop.about()).leader).toBeGreaterThan(leader ?? 0);
});
