import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { mail, order } from "../order.ts";
import { work } from "./ocr-work.ts";

const INPUT = { id: 7, boss: "ann", pages: ["a", "b"] };

test("an order goes on where it was when all its replicas were killed, and takes the answer of a person", async () => {
  await using app = await start(order, mail, { time: "virtual", seed: 1 });
  const one = await order.start(INPUT, { id: "order/7" });
  await app.advance("2h");
  for (const replica of app.replicas(order)) replica.restart();
  expect(await one.send("approved", { by: "ann" }, { key: "click" })).toEqual({ duplicate: false });
  expect(await one.send("approved", { by: "ann" }, { key: "click" })).toEqual({ duplicate: true });
  await app.advance("1m");
  for (const replica of app.replicas(order)) replica.restart();
  await app.advance("1m");
  await work(app);
  await app.advance("1m");
  expect(await one.result()).toEqual({ paid: "paid 7 by order/order/7:charge#1", said: "ann", pages: ["A", "B"] });
  await expect(one.send("approved", { by: "bob" })).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
});

test("an order that nobody answers ends after three days; a second start of its id is the same run", async () => {
  await using app = await start(order, mail, { time: "virtual", seed: 2 });
  await order.start({ ...INPUT, pages: [] }, { id: "order/8" });
  await app.advance("1d");
  const one = await order.start({ ...INPUT, id: 9 }, { id: "order/8" });
  await app.advance("2d");
  await app.advance("1m");
  expect(await one.result()).toMatchObject({ paid: "paid 7 by order/order/8:charge#1", said: "nobody" });
  expect((await order.list()).map(({ id, state }) => [id, state])).toEqual([["order/8", "ended"]]);
});
