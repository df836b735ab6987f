import { createSystemClock } from "@hadron/core/spi";
import { step } from "@hadron/durable";
import { Execution } from "../../packages/durable/src/engine/execution.ts";
import type { LogEvent } from "../../packages/durable/src/log/events.ts";
import { toShown } from "../../packages/durable/src/log/shown.ts";
import { fromRunEvent, toRunEvent } from "../../packages/durable/src/log/stored-events.ts";
import { toLogged } from "../../packages/durable/src/log/values.ts";
import { bench } from "../harness.ts";

const STEPS = 25_000;
/** As a session reads a log. */
const PAGE = 1000;

const at = Date.now();
const log: LogEvent[] = [
  { type: "started", at, input: toLogged(STEPS, "it"), secret: "0".repeat(32), engine: 2, parent: undefined },
];
for (let command = 0; command < STEPS; command++) {
  const value = { id: command, state: "paid", amount: 12.5 };
  log.push({ type: "called", at, command, kind: "step", name: "charge", until: undefined });
  log.push({ type: "settled", at, command, outcome: { ok: toLogged(value, "it") } });
}
/** As the store keeps it, and as `runs ID events` prints it: bytes, both. */
const stored = log.map(toRunEvent);
const lines = log.map((event, n) => Buffer.from(JSON.stringify(toShown(event, n))));

async function program(steps: number): Promise<number> {
  let sum = 0;
  for (let n = 0; n < steps; n++) sum += (await step("charge", () => ({ amount: 0 }))).amount;
  return sum;
}

async function replay(): Promise<void> {
  const read = async (from: number) => stored.slice(from, from + PAGE).map(fromRunEvent);
  const execution = new Execution({
    run: "charges/1",
    program,
    doorUrl: "",
    history: await read(0),
    more: read,
    journal: { append: () => Promise.reject(new Error("nothing is new")) },
    clock: createSystemClock(),
    nextTurn: setImmediate,
    outside: (work) => work(),
    isRehearsal: true,
  });
  execution.start();
  const stop = await execution.stopped;
  if (stop.state !== "ended" || !("ok" in stop.outcome)) throw new Error(`The replay is ${JSON.stringify(stop)}.`);
}

let sink: unknown;
async function parse(): Promise<void> {
  for (const line of lines) sink = JSON.parse(line.toString());
}

/** So often in the time. */
async function timed(work: () => Promise<void>, ms: number) {
  const startedAt = performance.now();
  let calls = 0;
  while (performance.now() - startedAt < ms) {
    await work();
    calls++;
  }
  return { calls, ms: performance.now() - startedAt, refused: 0 };
}

await bench("A replay of 50,000 events", async (b) => {
  const pids = [process.pid];
  const rounds = await b.compare(
    { ours: { run: (ms) => timed(replay, ms), pids }, json: { run: (ms) => timed(parse, ms), pids } },
    { rounds: 15, roundMs: 300, warmMs: 100 },
  );
  if (sink === undefined) throw new Error("Nothing was parsed.");
  b.row({
    what: "time of a replay from stored events, against JSON.parse of the same log, line by line",
    atMost: 4,
    aim: 2,
    measured: rounds.speed("json", "ours"),
  });
  b.row({
    what: "the same, CPU time",
    atMost: 4,
    aim: 2,
    measured: rounds.cpu("ours", "json"),
  });
});
