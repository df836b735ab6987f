import { run, service } from "@hadron/core";
import { durable, hook, step } from "@hadron/durable";

export const order = service(
  "order",
  durable(async (what: string) => {
    console.log("reserves");
    await step("reserve", () => {});
    const paid = await step("charge", () => `paid ${what}`);
    return { paid, said: await hook<string>("said").next() };
  }),
  { expose: true },
);

await run(order);
