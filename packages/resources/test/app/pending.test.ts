import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { consume, subscribe } from "@hadron/patterns";
import { expect, test } from "vitest";
import { keyValue, queue, topic } from "../../src/index.ts";

test("a queue and a topic say what is pending: waiting, at work, dead", async () => {
  const mails = queue<number>("mails", { retries: 0 });
  const placed = topic<number>("placed");
  const handle = (n: number) => {
    if (n === 2) throw new Error("no such user");
    return n === 3 ? new Promise<void>(() => {}) : undefined;
  };
  const mailer = service("mailer", consume(mails, handle));
  const audits = ["one", "two"].map((name) =>
    service(
      name,
      subscribe(placed, () => new Promise<void>(() => {})),
    ),
  );
  await using app = await start(mailer, ...audits, mails, placed, { time: "virtual" });
  for (const n of [1, 2, 3]) await mails.send(n);
  await mails.send(4, { delayMs: 60_000 });
  await placed.send(1);
  await app.advance(1000);
  expect(await mails.pending()).toEqual({ waiting: 1, working: 1, dead: 1 });
  expect(await placed.pending()).toEqual({ waiting: 0, working: 2, dead: 0 });
});

test("a caller whose time ran out while the store was away is told that it was waited for", async () => {
  const carts = keyValue("carts");
  const shop = service("shop", () => carts.get("ann"), { uses: [carts] });
  const slow = service(
    "slow",
    async () => {
      await carts.get("ann");
      return new Promise<void>(() => {});
    },
    { uses: [carts] },
  );
  await using app = await start(shop, slow, { time: "virtual" });
  await expect(slow.with({ timeoutMs: 500 })()).rejects.toMatchObject({
    code: "DEADLINE_EXCEEDED",
    message: expect.not.stringContaining("hadron.store"),
  });
  app.replica("hadron.store").kill({ away: true });
  await expect(shop.with({ timeoutMs: 500 })()).rejects.toMatchObject({
    code: "DEADLINE_EXCEEDED",
    message: expect.stringContaining("hadron.store gave no answer in"),
  });
});
