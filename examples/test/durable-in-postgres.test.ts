import { expect, test } from "vitest";
import { upLocal } from "./up-local.ts";

test("with its log in a database an order goes on where it was when all processes were killed", async () => {
  await using app = await upLocal("order", ["--store=postgres"]);
  const input = { id: 7, boss: "ann", pages: [] };
  expect(await app.call("order", "start", { input, id: "order/7" })).toEqual({ id: "order/7", created: true });
  app.killAll();
  const send = () =>
    app.call("order", "send", { id: "order/7", hook: "approved", value: { by: "ann" }, key: "click" }).catch(String);
  await expect.poll(send, { timeout: 60_000, interval: 500 }).toMatchObject({ duplicate: expect.any(Boolean) });
  app.killAll();
  const result = () => app.call("order", "result", { id: "order/7" }).catch(String);
  await expect
    .poll(result, { timeout: 60_000, interval: 500 })
    .toEqual({ paid: "paid 7 by order/order/7:charge#1", said: "ann", pages: [] });
  expect(await app.call("order", "start", { input, id: "order/7" })).toEqual({ id: "order/7", created: false });
}, 200_000);
