/** Orders, as they were first: changed.ts does not go the way of their runs, mended.ts does. */
import { run, service } from "@hadron/core";
import { durable, hook, step } from "@hadron/durable";

export const order = service(
  "order",
  durable(async (what: string) => {
    const paid = await step("charge", () => `paid ${what}`);
    console.log("waits");
    return { paid, said: await hook<string>("said").next() };
  }),
  { expose: true },
);

await run(order);
