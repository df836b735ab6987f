import { service } from "@hadron/core";
import { start } from "@hadron/core/testing";
import { consume } from "@hadron/patterns";
import { expect, test } from "vitest";
import { elected, every, queue } from "../../src/index.ts";

test("three days of an app that elects, keeps a schedule and consumes are few events, and nothing of them is lost", {
  timeout: 120_000,
}, async () => {
  const mails = queue<number>("mails");
  const seen = { leaders: [] as string[], hours: [] as string[], mails: [] as number[] };
  const leader = service(
    "leader",
    elected(({ replica, signal }) => {
      seen.leaders.push(replica.name);
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    }),
    { replicas: 3 },
  );
  const hourly = service(
    "hourly",
    every("0 * * * *", async ({ due, missed }) => {
      seen.hours.push(`${due.toISOString()} ${missed}`);
      await mails.send(seen.hours.length);
    }),
    { replicas: 2 },
  );
  const mailer = service(
    "mailer",
    consume(mails, async (mail: number) => void seen.mails.push(mail)),
    { replicas: 2 },
  );
  await using app = await start(leader, hourly, mailer, mails, { time: "virtual" });
  await app.advance("3d");
  expect(seen.leaders).toHaveLength(1);
  const begin = Date.UTC(2026, 0, 1);
  const hours = Array.from({ length: 72 }, (_, hour) => new Date(begin + (hour + 1) * 3_600_000).toISOString());
  expect(seen.hours).toEqual(hours.map((due) => `${due} 0`));
  expect(seen.mails).toEqual(hours.map((_, index) => index + 1));
  // A renewal of the leader's lease each 5 s; all others wait to be woken. It was a call each 0.5 s.
  expect(app.replica("hadron.store").calls).toBeLessThan((3 * 86_400) / 5 + 72 * 30 + 1000);

  // Who waited for days is woken when the leader is not heard of any more.
  app.replica(seen.leaders[0] ?? "").kill();
  await app.advance("16s");
  expect(new Set(seen.leaders).size).toBe(2);
});
