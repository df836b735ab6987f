import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { createSystemClock } from "@hadron/core/spi";
import { expect, test } from "vitest";
import { claim, TestClient } from "../../src/store/contract/suite/index.ts";
import { SqliteDriver, toTimeSource } from "../../src/store/index.ts";

/** Kills a store after so many acknowledgements; returns them. */
async function killUnderLoad(folder: string, life: string, after: number): Promise<readonly string[]> {
  const script = join(import.meta.dirname, "kill-writer.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script, folder, life], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== "open") acknowledged.push(line);
    if (acknowledged.length === after) child.kill("SIGKILL");
  }
  return acknowledged;
}

/** Lets a store write until no file may grow any more, as on a disk that is full; returns what it acknowledged, and its last words. */
async function fillUnderLoad(folder: string, life: string, mostKiB: number) {
  const script = join(import.meta.dirname, "kill-writer.ts");
  const command = `ulimit -f ${mostKiB}; exec "$0" --import tsx "$@"`;
  const child = spawn("bash", ["-c", command, process.execPath, script, folder, life], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const words = text(child.stderr);
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) if (line !== "open") acknowledged.push(line);
  return { acknowledged, words: await words };
}

/** Everything that was acknowledged is there, once, and each batch is whole or absent. */
async function expectKept(folder: string, acknowledged: readonly string[]): Promise<void> {
  const driver = await SqliteDriver.open({ folder, time: toTimeSource(createSystemClock()) });
  const client = new TestClient(driver, "after");
  const sent: string[] = [];
  for (;;) {
    const { messages } = await client.do(claim("q", { most: 1000 }));
    if (messages.length === 0) break;
    sent.push(...messages.map(({ body }) => new TextDecoder().decode(body)));
  }
  const entries = await driver.read({ kind: "list", store: "s", prefix: "", after: undefined, most: 1000 });
  await driver.close();
  // None lost, none twice; what each caller sent has no gap.
  expect(new Set(sent).size).toBe(sent.length);
  const all = new Set(sent);
  expect(acknowledged.filter((line) => !all.has(line))).toEqual([]);
  for (const { key, value } of entries) {
    const last = Number(new TextDecoder().decode(value).split("/")[2]);
    // Both operations of a batch, or neither.
    expect(sent.filter((line) => line.startsWith(`${key}/`))).toHaveLength(last);
  }
}

test("whatever a store acknowledged is there after SIGKILL; what it did not is whole or absent", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hadron-kill-"));
  try {
    const acknowledged: string[] = [];
    for (let life = 1; life <= 4; life++) {
      acknowledged.push(...(await killUnderLoad(folder, String(life), 200 * life)));
    }
    expect(acknowledged.length).toBeGreaterThan(1000);
    await expectKept(folder, acknowledged);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a disk that is full is told to whoever writes; what was acknowledged is there, and there is room again when there is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hadron-full-"));
  try {
    const { acknowledged, words } = await fillUnderLoad(folder, "full", 2048);
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(words).toMatch(/disk/);
    const after = await killUnderLoad(folder, "again", 100);
    await expectKept(folder, [...acknowledged, ...after]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
