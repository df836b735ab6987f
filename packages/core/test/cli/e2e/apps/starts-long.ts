import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onStart, run, service } from "@hadron/core";

const tell = (line: string) => appendFileSync(join(process.env.HOME ?? "", "told"), `${line}\n`);

export const long = service("long", {
  async [onStart]({ signal }) {
    tell("starts");
    await once(signal, "abort");
    await sleep(100);
    tell("has stopped starting");
  },
  [Symbol.asyncDispose]: () => tell("disposed of"),
});

await run(long);
