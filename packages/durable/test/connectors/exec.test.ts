import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "@hadron/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { endless, script, slow } from "./scripts.ts";

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hadron-exec-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("exec keeps status and output, is tried again as declared, and says what it cut off", async () => {
  await using _app = await start(script, { time: "virtual", seed: 1 });
  const folder = newFolder();
  const one = await script.start({ folder }, { id: "1" });
  expect(await one.result()).toEqual({
    cat: {
      status: 3,
      signal: null,
      stdout: `in\n${folder}\n`,
      stderr: "hello script/1:cat#1 1\n",
      truncated: false,
    },
    tried: 0,
    failing: 1,
    missing: "FAILED_PRECONDITION",
    long: [(1024 * 1024 - 4096) / 2, true],
  });
  expect(readFileSync(join(folder, "tries"), "utf8")).toBe("x\nx\nx\n");
});

test("a program that is cancelled ends, and what it started as well", async () => {
  await using _app = await start(endless);
  const folder = newFolder();
  const one = await endless.start({ folder }, { id: "1" });
  const pid = () => Number(readFileSync(join(folder, "pid"), "utf8"));
  await expect.poll(() => pid() > 0).toBe(true);
  const below = pid();
  expect(isAlive(below)).toBe(true);
  await one.cancel("enough");
  await expect(one.result()).rejects.toMatchObject({ code: "CANCELLED" });
  await expect.poll(() => isAlive(below)).toBe(false);
});

test("a program that takes too long is ended", async () => {
  await using _app = await start(slow);
  await expect(slow()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

/** Whether it works: one that has ended and that nobody has looked at yet is there, too. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
