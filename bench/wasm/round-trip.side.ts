/** What it takes a worker to be told a text and to tell another one: `postMessage` both ways, and nothing in between. */
import { Worker } from "node:worker_threads";
import { driveAdded } from "../harness-drive.ts";
import { serveSide } from "../harness-process.ts";
import { SHORT } from "./inputs.ts";

const worker = new Worker(
  `const { parentPort } = require("node:worker_threads"); parentPort.on("message", (text) => parentPort.postMessage(text));`,
  { eval: true },
);
let answered = () => {};
worker.on("message", () => answered());

async function roundTrip(): Promise<number> {
  await new Promise<void>((resolve) => {
    answered = resolve;
    worker.postMessage(SHORT);
  });
  return 0;
}

serveSide({ latency: (ms: number) => driveAdded(roundTrip, { inFlight: 1, ms }) });
