import { start } from "@hadron/core/testing";
import { expect, test } from "vitest";
import { booking, journey } from "../saga.ts";
import { upLocal } from "./up-local.ts";

test("a journey whose hotel is full keeps nothing; nor does one that is cancelled; one that works keeps all", async () => {
  await using app = await start(journey, booking, { time: "virtual", seed: 1 });
  const full = await journey.start({ to: "Rome", hotel: false }, { id: "1" });
  await expect(full.result()).rejects.toMatchObject({ message: expect.stringContaining("no room in Rome left") });
  const cancelled = await journey.start({ to: "Oslo", hotel: true }, { id: "2" });
  await app.advance("500ms");
  expect(await booking.open()).toEqual(["flight to Oslo"]);
  await cancelled.cancel("too cold");
  await expect(cancelled.result()).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await booking.open()).toEqual([]);
  await journey({ to: "Rome", hotel: true });
  expect(await booking.open()).toHaveLength(3);
});

test("under the local runner all processes die in the middle of a journey whose hotel is full: it keeps nothing", async () => {
  await using app = await upLocal("saga");
  await app.call("journey", "start", { input: { to: "Rome", hotel: false }, id: "1" });
  const open = () => JSON.parse(app.type("call", "booking", "open")) as string[];
  app.killAll();
  const result = () =>
    app.call("journey", "result", { id: "1" }).then(
      () => "done",
      (error: Error) => error.message,
    );
  await expect.poll(result, { timeout: 90_000, interval: 500 }).toContain("no room in Rome left");
  expect(open()).toEqual([]);
}, 180_000);
