// Starts eleven bare processes, asks one, prints what it says, and ends them: the least that `call` on the histogram could do.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

const file = new URL("./bare.mjs", import.meta.url).pathname;
const children = Array.from({ length: 11 }, () =>
  spawn(process.execPath, [file], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ANSWER: "[0,6,40,155]" },
  }),
);
const ports = await Promise.all(children.map(portOf));
const answer = await fetch(`http://127.0.0.1:${ports[0]}`, { method: "POST", body: "{}" });
console.log(await answer.text());
await Promise.all(
  children.map(async (child) => {
    child.kill();
    await once(child, "exit");
  }),
);
process.exit();

async function portOf(child: ChildProcess): Promise<number> {
  const [line] = await once(child.stdout!, "data");
  return Number(line);
}
