import { start } from "@hadron/core/testing";
import { expect, test, vi } from "vitest";
import { mailer, shop } from "../../../../examples/mail.ts";

test("what a handler sends is worked on, and what it keeps is found, also after the store was killed", async () => {
  await using app = await start(shop, mailer);
  expect(app.sharedBecause).toBeUndefined();
  const { order, mails } = app.client(shop);
  await Promise.all([1, 2, 3].map((number) => order({ user: "ann", order: number })));
  await vi.waitFor(async () => expect(await mails("ann")).toEqual([1, 2, 3]), { timeout: 10_000 });
  expect(await order({ user: "ann", order: 3 })).toEqual({ duplicate: true });
  app.replica("hadron.store").kill({ away: true });
  const during = mails("ann");
  app.replica("hadron.store").restart();
  expect(await during).toEqual([1, 2, 3]);
  await order({ user: "bob", order: 1 });
  await vi.waitFor(async () => expect(await mails("bob")).toEqual([1]), { timeout: 10_000 });
});
