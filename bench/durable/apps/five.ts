/** Five trivial steps, as a durable program, and who starts them: in a replica, so that a bench pays for no way to them. */
import { run, service } from "@hadron/core";
import { durable, step } from "@hadron/durable";
import { type DriveOptions, drive } from "../../harness-drive.ts";

export const five = service(
  "five",
  durable(async (n: number) => {
    let sum = n;
    for (let i = 0; i < 5; i++) sum = await step("add", () => sum + i);
    return sum;
  }),
  { limits: { concurrency: 1000 } },
);

let serial = 0;
export const driver = service(
  "driver",
  {
    five: (options: DriveOptions) =>
      drive(async () => {
        const n = serial++;
        const sum = await five(n);
        if (sum !== n + 10) throw new Error(`five(${n}) gave ${sum}`);
      }, options),
  },
  { uses: [five] },
);

await run(five, driver);
