import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Shell } from "../../../core/test/cli/e2e/shell.ts";
import { findFault, type Kept, runConservation } from "./conservation.ts";

const SEEDS = 100;
const KILLS = 100;
const file = resolve(import.meta.dirname, "app.ts");

test("scores of seeds: whoever is killed, the database server as well, all happens once", {
  timeout: 3_600_000,
}, async () => {
  const faults: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const fault = findFault(await runConservation(seed, { orders: 40, kills: 12, server: seed % 3 === 0 }));
    if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`);
  }
  expect(faults).toEqual([]);
});

const shell = new Shell();
const folder = mkdtempSync(join(tmpdir(), "hadron-once-"));
afterAll(async () => {
  await shell[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** The processes of replicas below the one that was typed, by their names. */
function replicasOf(typed: number): ReadonlyMap<string, number> {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const all = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const below = [typed];
  // It grows while it is gone through.
  for (const above of below) below.push(...all.flatMap(([pid = 0, parent]) => (parent === above ? [pid] : [])));
  return new Map(
    below.flatMap((pid) => {
      const [service, ordinal] = ["SERVICE", "ORDINAL"].map(
        (name) => new RegExp(`(?:^|\\0)HADRON_${name}=([^\\0]*)`).exec(environmentOf(pid))?.[1],
      );
      return service === undefined ? [] : [[`${service}.${ordinal}`, pid] as const];
    }),
  );
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return ""; // It has ended.
  }
}

test.each(["sqlite", "postgres"])(
  "hundreds of SIGKILLs of processes, with the store in %s: all happens once",
  {
    timeout: 3_600_000,
  },
  async (store) => {
    const words = [`--app=once-${store}`, `--data-dir=${folder}`];
    const up = shell.type([file, "up", ...words, ...(store === "postgres" ? ["--store=postgres"] : [])]);
    await up.says("err", "End it:");
    const call = async (...more: readonly string[]) => shell.run([file, "call", "shop", ...more, ...words]);
    let n = 0;
    let isOver = false;
    const ordering = (async () => {
      for (; !isOver; n += 40) await call("orderMany", JSON.stringify({ from: n, count: 40 }));
    })();
    const killed: string[] = [];
    while (killed.length < KILLS) {
      // One that dies five times within a minute is not started again.
      await new Promise((done) => setTimeout(done, 2000 + Math.random() * 1500));
      const replicas = replicasOf(up.child.pid ?? 0);
      const [victim = ""] = [...replicas.keys()]
        .filter((name) => name !== "hadron.postgres.0")
        .sort((a, b) => killed.lastIndexOf(a) - killed.lastIndexOf(b));
      const pid = replicas.get(victim);
      if (pid === undefined) continue;
      try {
        process.kill(pid, "SIGKILL");
        killed.push(victim);
      } catch {
        // It has ended just now.
      }
    }
    isOver = true;
    await ordering;
    let kept: Kept | undefined;
    const look = async () => {
      kept = JSON.parse((await call("all")).out) as Kept;
      return findFault(kept);
    };
    await expect.poll(() => look().catch(String), { timeout: 300_000, interval: 2000 }).toBeUndefined();
    expect(kept?.ordered.length).toBeGreaterThan(20);
    up.signal("SIGINT");
    await up.ended;
  },
);
