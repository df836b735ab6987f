import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { approval, mail } from "../approval.ts";
import { upLocal } from "./up-local.ts";

const INPUT = { what: "a trip", who: "ann", boss: "bob" };

test("a person is reminded each day, then the boss is asked, and after a week it is refused; replicas die meanwhile", async () => {
  await using app = await start(approval, mail, { time: "virtual", seed: 1 });
  const one = await approval.start(INPUT, { id: "trip/1" });
  await app.advance("36h");
  expect(await mail.sent("ann")).toHaveLength(2);
  for (const replica of app.replicas(approval)) replica.restart();
  await app.advance("2d");
  expect([(await mail.sent("ann")).length, (await mail.sent("bob")).length]).toEqual([3, 1]);
  await app.advance("4d");
  expect(await one.result()).toEqual({ approved: false, by: "nobody" });
});

test("under the local runner the link of the mail is a webhook; all processes die while it is waited for", async () => {
  await using app = await upLocal("approval");
  expect(await app.call("approval", "start", { input: INPUT, id: "trip/2" })).toEqual({ id: "trip/2", created: true });
  const sent = async () => JSON.parse(app.type("call", "mail", "sent", '"ann"')) as { link: string }[];
  await expect.poll(sent, { timeout: 20_000 }).toHaveLength(1);
  const [{ link = "" } = {}] = await sent();
  expect(link.startsWith(`${app.endpoint("approval")}/hooks/`)).toBe(true);
  app.killAll();
  const click = () =>
    fetch(link, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "click" },
      body: JSON.stringify({ by: "ann", yes: true }),
    }).then(({ status }) => status, String);
  await expect.poll(click, { timeout: 30_000 }).toBe(200);
  expect(await app.call("approval", "result", { id: "trip/2" })).toEqual({ approved: true, by: "ann" });
  expect(await sent()).toHaveLength(1);
  expect((await fetch(link, { method: "POST" })).status).toBe(410);
  expect((await fetch(`${app.endpoint("approval")}/hooks/none`, { method: "POST" })).status).toBe(404);
});
