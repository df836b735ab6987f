import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { ENGINE, type LogEvent } from "../../packages/durable/src/log/events.ts";
import { toRunEvent } from "../../packages/durable/src/log/stored-events.ts";
import { toLogged } from "../../packages/durable/src/log/values.ts";
import { openForWriting } from "../../packages/resources/src/store/sqlite/writer.ts";
import { type Bench, bench, median } from "../harness.ts";
import { cpuMs, rssBytes } from "../harness-cpu.ts";

const RUNS = 100_000;
const DAY_MS = 86_400_000;

await bench(`${RUNS} runs that sleep, in the store of one replica`, async (b) => {
  const idle = await measure(b, 0);
  const full = await measure(b, RUNS);
  b.row({
    what: "memory of the replica, against one without runs",
    atMost: 1.2,
    aim: 1.05,
    measured: full.program.map((bytes, n) => bytes / (idle.program[n] ?? bytes)),
  });
  b.row({
    what: "memory of the store, against one without runs",
    measured: full.store.map((bytes, n) => bytes / (idle.store[n] ?? bytes)),
  });
  b.note(
    `CPU time of replica and store in a second: ${median(full.cpuMs).toFixed(2)} ms with the runs, ${median(idle.cpuMs).toFixed(2)} ms without.`,
  );
});

/** Once a second, of an app whose store has so many runs. */
async function measure(b: Bench, runs: number) {
  const storage = mkdtempSync(join(tmpdir(), "hadron-bench-"));
  b.defer(() => rmSync(storage, { recursive: true, force: true }));
  fill(join(storage, "store.db"), runs);
  const app = await b.app(new URL("./apps/five.ts", import.meta.url), { sockets: "unix", storage });
  // It works, and what it needs for that it has.
  for (let n = 0; n < 3; n++) await app.call("driver", "five", { inFlight: 10, ms: 500 });
  await sleep(3000);
  const samples: { readonly program: number; readonly store: number; readonly cpuMs: number }[] = [];
  for (let n = 0; n < 8; n++) {
    const before = cpuMs([...app.pids("five"), ...app.pids("hadron.store")]) ?? Number.NaN;
    await sleep(1000);
    const after = cpuMs([...app.pids("five"), ...app.pids("hadron.store")]) ?? Number.NaN;
    const [program, store] = ["five", "hadron.store"].map(
      (service) => rssBytes(app.pids(service)[0] ?? 0) ?? Number.NaN,
    );
    samples.push({ program: program ?? 0, store: store ?? 0, cpuMs: after - before });
  }
  await app.close();
  return {
    program: samples.map(({ program }) => program),
    store: samples.map(({ store }) => store),
    cpuMs: samples.map(({ cpuMs }) => cpuMs),
  };
}

/** What the owner of runs that sleep for a month leaves of them. */
function fill(path: string, runs: number): void {
  const database: DatabaseSync = openForWriting(path, { durable: false });
  const now = Date.now();
  const insertRun = database.prepare(
    "insert into run (number, program, id, epoch, length, wake, started) values (?, 'five', ?, 1, 2, ?, ?)",
  );
  const insertEvent = database.prepare(
    "insert into run_event (run, n, type, command, at, body) values (?, ?, ?, ?, ?, ?)",
  );
  const until = now + 30 * DAY_MS;
  const events: readonly LogEvent[] = [
    { type: "started", at: now, input: toLogged(0, "it"), secret: "0".repeat(32), engine: ENGINE, parent: undefined },
    { type: "called", at: now, command: 0, kind: "sleep", name: "30d", until },
  ];
  const rows = events.map(toRunEvent);
  database.exec("begin");
  for (let run = 1; run <= runs; run++) {
    insertRun.run(run, `sleeper/${run}`, until, now);
    for (const [n, { type, command, at, body }] of rows.entries())
      insertEvent.run(run, n, type, command ?? null, at, body);
  }
  database.exec("commit");
  database.close();
}
