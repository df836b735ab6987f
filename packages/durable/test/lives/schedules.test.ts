import { start } from "@hadron/core/testing";
import { every } from "@hadron/resources";
import { expect, test } from "vitest";
import { beside, filled, queued, report, skipping } from "./scheduled.ts";

const HOUR = 3_600_000;

test.each([
  // Of hours, by their number: what is started, and, after a colon, how many that were missed it is for.
  ["queued", queued, ["1:0", "2:0", "3:0", "6:2"]],
  ["filled", filled, ["1:0", "2:0", "3:0", "4:0"]],
  ["skipping", skipping, ["1:0", "4:0", "7:0"]],
  ["beside", beside, ["1:0", "2:0", "3:0", "4:0", "5:0", "6:0", "7:0", "8:0", "9:0"]],
] as const)("each due time starts a run of a program once, as overlap says: %s", async (name, schedule, expected) => {
  await using app = await start(report, schedule, { time: "virtual", seed: 1 });
  await app.advance("1s");
  for (let half = 0; half < 19; half++) {
    await app.advance("30m");
    // Whoever starts them dies; the next starts none of them again.
    if (half === 4) for (const replica of app.replicas(schedule)) replica.restart();
  }
  const runs = (await report.list()).toReversed();
  const hours = runs.map(({ id }) => Date.parse(id.slice(name.length + 1)) / HOUR);
  const first = (hours[0] ?? 0) - 1;
  const missed = await Promise.all(
    runs.map(async ({ id }) => {
      for await (const event of report.run(id).events()) if (event.type === "started") return event.input;
    }),
  );
  expect(hours.map((hour, index) => `${hour - first}:${(missed[index] as { missed: number }).missed}`)).toEqual(
    expected,
  );
  expect(runs[0]?.id).toMatch(/^[a-z]+\/\d{4}-\d\d-\d\dT\d\d:00:00\.000Z$/);
});

test("a schedule that is called starts a run now", async () => {
  await using _ = await start(report, beside, { time: "virtual", seed: 2 });
  await beside();
  expect(await report.list()).toHaveLength(1);
});

test("options of a program's schedule are refused where they are none, and for other handlers", () => {
  const refused = expect.objectContaining({ code: "INVALID_DECLARATION" });
  expect(() => every("0 * * * *", report, { overlap: "then" as "skip" })).toThrow(refused);
  expect(() => every("0 * * * *", report, { backfill: true, missed: "skip" })).toThrow(refused);
  // @ts-expect-error: there is nothing that could overlap
  expect(() => every("0 * * * *", () => {}, { overlap: "skip" })).toThrow(refused);
});
