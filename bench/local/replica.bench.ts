import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, bench } from "../harness.ts";
import { cpuMs, rssBytes } from "../harness-cpu.ts";
import { endProcess } from "../harness-process.ts";

const ROUNDS = 7;
/** After it serves, a process settles: what it still has to do at its start belongs to its start. */
const SETTLE_MS = 300;

await bench("A replica of hello.ts that serves, against a bare Node process that listens on HTTP", async (b) => {
  const hello = new URL("../../examples/hello.ts", import.meta.url);
  const cache = mkdtempSync(join(tmpdir(), "hadron-bench-"));
  b.defer(() => rmSync(cache, { recursive: true, force: true }));
  const [rss, cpu, first]: [number[], number[], number[]] = [[], [], []];
  const start = async (cache?: string) => {
    const app = await b.app(hello, { sockets: "unix", ports: false, ...(cache === undefined ? {} : { cache }) });
    const found = await footprint(app.pids()[0]!);
    await app.close();
    return found;
  };
  await start(cache);
  for (let round = 0; round < ROUNDS; round++) {
    const bare = await startBare(b);
    const again = await start(cache);
    const fresh = await start();
    rss.push(again.rss / bare.rss);
    cpu.push(again.cpu / bare.cpu);
    first.push(fresh.cpu / bare.cpu);
    if (process.env.BENCH_VERBOSE === "1") console.error(again, fresh, bare);
  }
  b.row({ what: "memory (RSS)", atMost: 1.3, aim: 1.1, measured: rss });
  b.row({ what: "start (CPU time)", atMost: 1.3, aim: 1.1, measured: cpu });
  b.row({ what: "the first start of what was just changed, and each in a container", atMost: 1.3, measured: first });
});

async function footprint(pid: number): Promise<{ readonly rss: number; readonly cpu: number }> {
  await sleep(SETTLE_MS);
  return { rss: rssBytes(pid) ?? Number.NaN, cpu: cpuMs([pid]) ?? Number.NaN };
}

async function startBare(b: Bench) {
  const child = spawn(process.execPath, [new URL("./bare.mjs", import.meta.url).pathname], {
    stdio: ["ignore", "pipe", 2],
  });
  b.defer(() => endProcess(child));
  await once(child.stdout!, "data");
  const found = await footprint(child.pid!);
  await endProcess(child);
  return found;
}
