/** Resident memory of an idle instruction node under the local runner, against a bare node:http process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { assemble, femtoInstructions, instructionSet } from "@hadron/femto-cpu";
import { bench } from "../harness.ts";
import { rssBytes } from "../harness-cpu.ts";
import { endProcess } from "../harness-process.ts";
import { readProgram, startLocalMachine } from "./local.ts";

const BARE = new URL("./bare-server.mjs", import.meta.url).pathname;
const NODES = new Set<string>(femtoInstructions.map(({ node }) => node));
const BARES = 10;
const SETTLE_MS = 3000;

await bench("Memory of an idle node of the femto machine", async (b) => {
  const machine = await startLocalMachine();
  b.defer(() => machine.close());
  const bares = Array.from({ length: BARES }, () =>
    spawn(process.execPath, [BARE], { stdio: ["ignore", "ignore", 2, "ipc"] }),
  );
  for (const child of bares) b.defer(() => endProcess(child));
  await Promise.all(bares.map((child) => once(child, "message")));
  const { bytes } = assemble(instructionSet(femtoInstructions), readProgram("hello-world.asm"));
  await machine.run(bytes, 1000);
  await sleep(SETTLE_MS);

  const nodes = machine.replicas.filter(({ service }) => NODES.has(service));
  if (nodes.length !== NODES.size) throw new Error(`${nodes.length} nodes were found, and not ${NODES.size}.`);
  const bare = average(bares.map(({ pid }) => rssBytes(pid!)!));
  b.row({
    what: "RSS of an instruction node, against bare node:http",
    atMost: 1.3,
    aim: 1.1,
    measured: nodes.map(({ pid }) => rssBytes(pid)! / bare),
  });
});

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
