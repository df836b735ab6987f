import { crashEverywhere } from "@hadron/durable/testing";
import { expect, test } from "vitest";
import { approval, mail } from "../approval.ts";
import { archive, dump, nightly } from "../nightly.ts";
import { order, mail as orderMail } from "../order.ts";
import { booking, journey } from "../saga.ts";
import { work } from "./ocr-work.ts";

test("a crash before or after any commit changes nothing of an order", { timeout: 300_000 }, async () => {
  const { commits, crashes } = await crashEverywhere([order, orderMail], async (app) => {
    const one = await order.start({ id: 7, boss: "ann", pages: ["a", "b"] }, { id: "order/7" });
    await app.advance("2h");
    await one.send("approved", { by: "ann" }, { key: "click" });
    await app.advance("1m");
    while ((await one.status()).state === "open") {
      await work(app);
      await app.advance("10s");
    }
    return one.result();
  });
  expect(commits.length).toBeGreaterThan(5);
  expect(crashes).toBeGreaterThan(2 * commits.length);
});

test("a crash before or after any commit changes nothing of an approval", { timeout: 300_000 }, async () => {
  await crashEverywhere([approval, mail], async (app) => {
    const one = await approval.start({ what: "a trip", who: "ann", boss: "bob" }, { id: "trip/1" });
    await app.advance("26h");
    await one.send("answer", { by: "ann", yes: true }, { key: "click" });
    const said = await one.result();
    const sent = [...(await mail.sent("ann")), ...(await mail.sent("bob"))];
    return { said, sent: sent.map(({ to, text }) => [to, text]) };
  });
});

test("a crash before or after any commit changes nothing of a night's script", { timeout: 300_000 }, async () => {
  await crashEverywhere([nightly, dump, archive], async () => {
    const one = await nightly.start({ night: "monday", tables: ["users", "orders"] }, { id: "monday" });
    const done = await one.result();
    return { done, kept: await archive("monday") };
  });
});

test.each([true, false])(
  "a crash before or after any commit changes nothing of a journey (hotel: %s)",
  { timeout: 300_000 },
  async (hotel) => {
    await crashEverywhere([journey, booking], async () => {
      const one = await journey.start({ to: "Rome", hotel }, { id: "1" });
      const outcome = await one.result().catch(({ code }: { code: string }) => code);
      return { outcome, open: await booking.open() };
    });
  },
);
