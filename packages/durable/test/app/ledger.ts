import { run, service } from "@hadron/core";
import { durable, hook, sleep, step } from "../../src/index.ts";

/** Keys that were applied, and how often each was asked for. */
const asked: Record<string, number> = {};

/** A sink that deduplicates by the call's id, as callees should. */
export const ledger = service("ledger", {
  add: async (amount: number, { id }) => {
    asked[id] = (asked[id] ?? 0) + 1;
    return amount;
  },
  asked: () => asked,
});

export const part = service(
  "part",
  durable(async (n: number) => {
    await sleep(n * 700);
    return (await ledger.add(n)) + (await ledger.add(n));
  }),
  { replicas: 2 },
);

export const total = service(
  "total",
  durable(async (n: number) => {
    const first = await ledger.add(n);
    const drawn = await step("draw", () => 1, { attempts: 3 });
    const parts = await Promise.all([part(1), part(2), part(3)]);
    const raced = await Promise.race([sleep("1h").then(() => "late"), hook<string>("go").next()]);
    return { n: first, drawn, parts, raced };
  }),
  { replicas: 3 },
);

await run(total, part, ledger);
