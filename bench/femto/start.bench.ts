/**
 * From nothing to the first result of the femto machine, with all of its 85 replicas, against a tsx script that starts as
 * many bare node processes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { bench } from "../harness.ts";

const TSX = new URL("../../node_modules/tsx/dist/cli.mjs", import.meta.url).pathname;
const FEMTO = new URL("../../examples/femto.ts", import.meta.url).pathname;
const BARE = new URL("./bare-start.ts", import.meta.url).pathname;
const ROUNDS = 5;
/** After so long no further round is begun: on a machine that has no time for us. */
const BUDGET_MS = 30_000;

await bench("Starting all 85 replicas of the femto machine, to the first result", async (b) => {
  const ratios: number[] = [];
  const startedAt = performance.now();
  for (let round = 0; round < ROUNDS && (round === 0 || performance.now() - startedAt < BUDGET_MS); round++) {
    const bare = await timeOf([BARE], 0, b.defer);
    const ours = await timeOf([FEMTO, "up", "--app=femto-bench", "--json"], 1, b.defer);
    ratios.push(ours / bare);
  }
  b.row({ what: "up of 85 replicas, against 85 bare processes", atMost: 1.7, aim: 1.2, measured: ratios });
});

/** Milliseconds from its start until it has printed so many lines on stdout and, where it is to answer, answered. */
async function timeOf(args: readonly string[], lines: number, defer: (close: () => unknown) => void): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [TSX, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  defer(() => child.kill("SIGTERM"));
  const exited = once(child, "exit");
  if (lines === 0) {
    await exited;
    return performance.now() - startedAt;
  }
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  const { services } = JSON.parse(text) as { services: { name: string; endpoint: string | null }[] };
  const { endpoint } = services.find(({ name }) => name === "femto")!;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "run", params: { source: "MOV [232], 7\nHLT" } });
  const response = await fetch(endpoint!, { method: "POST", body, headers: { "content-type": "application/json" } });
  const { result } = (await response.json()) as { result: { output: number[] } };
  if (result.output[0] !== 7) throw new Error(`Wrong: ${JSON.stringify(result)}`);
  const took = performance.now() - startedAt;
  child.kill("SIGTERM");
  await exited;
  return took;
}
