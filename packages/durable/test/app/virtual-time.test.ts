import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { child, mail, order } from "./shop.ts";

test("three days pass in milliseconds; children are runs of their own; calls carry the step's key", async () => {
  await using app = await start(order, mail, child, { time: "virtual", seed: 1 });
  expect(app.sharedBecause).toBeUndefined();
  const one = await order.start({ to: "ann" }, { id: "order/1" });
  await app.advance("4d");
  expect(await one.result()).toMatchObject({ said: "nobody", children: ["child a", "child b"] });
  expect(await app.client(mail).sent()).toEqual(["ann order/order/1:mail.send#1"]);
});

test("a run goes on in another replica when its own is killed, and no step that was kept is done again", async () => {
  await using app = await start(order, mail, child, { time: "virtual", seed: 2 });
  const one = await order.start({ to: "bob" }, { id: "order/2" });
  await app.advance("1m");
  expect(await one.status()).toMatchObject({
    state: "open",
    awaited: [
      { kind: "next", name: "approved" },
      { kind: "sleep", name: "3d" },
    ],
  });
  for (const replica of app.replicas(order)) replica.restart();
  await app.advance("1m");
  await one.send("approved", "yes");
  for (const replica of app.replicas(order)) replica.restart();
  await app.advance("2h");
  expect(await one.result()).toMatchObject({ said: "yes", children: ["child a", "child b"] });
  expect(await app.client(mail).sent()).toHaveLength(1);
});
