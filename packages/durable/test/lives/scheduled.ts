import { run, service } from "@hadron/core";
import { every, type Occasion } from "@hadron/resources";
import { durable, sleep } from "../../src/index.ts";

/** Takes two hours and a half, and is due each hour. */
export const report = service(
  "report",
  durable(async ({ due, missed }: Occasion) => {
    await sleep("150m");
    return { due, missed };
  }),
);

export const queued = service("queued", every("0 * * * *", report), { replicas: 2 });
export const filled = service("filled", every("0 * * * *", report, { backfill: true }));
export const skipping = service("skipping", every("0 * * * *", report, { overlap: "skip" }), { replicas: 2 });
export const beside = service("beside", every("0 * * * *", report, { overlap: "allow" }));

await run(report, queued, filled, skipping, beside);
