/** A step that takes two seconds, of which nobody may be in doubt. What it does is written to the file that STEPS names. */
import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { run, service } from "@hadron/core";
import { durable, step } from "@hadron/durable";

export const slow = service(
  "slow",
  durable((file: string) =>
    step(
      "write",
      async () => {
        appendFileSync(file, "begun\n");
        await setTimeout(2000);
        appendFileSync(file, "done\n");
        return "written";
      },
      { onDoubt: "ask" },
    ),
  ),
);

await run(slow);
