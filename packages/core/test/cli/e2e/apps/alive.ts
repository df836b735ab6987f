import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { onStart, run, service } from "@hadron/core";

let state = "not started";
const tell = (line: string) => appendFileSync(join(process.env.HOME ?? "", "told"), `${line}\n`);

export const alive = service("alive", {
  state: () => state,
  async [onStart]({ signal, replica }) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    state = `${replica.name} has started`;
    signal.addEventListener("abort", () => tell("told to stop"));
  },
  async [Symbol.asyncDispose]() {
    await new Promise((resolve) => setTimeout(resolve, 100));
    tell("disposed of");
  },
});

await run(alive);
