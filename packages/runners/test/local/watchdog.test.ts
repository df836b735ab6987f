import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimName, createRunFolder } from "../../src/local/folder/run-folder.ts";
import { Watchdog } from "../../src/local/folder/watchdog.ts";
import { eventually } from "../../src/suite.ts";
import { isAlive } from "./harness.ts";

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "hl ")));
});
afterEach(() => rmSync(home, { recursive: true }));

const sleeper = () => {
  const child = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
  return { pid: child.pid!, gone: new Promise((resolve) => child.once("exit", resolve)) };
};

test("the watchdog kills what it was told of and not told off, stopped ones too, and removes folder and name", async () => {
  const runtime = join(home, "run");
  const folder = createRunFolder(runtime, "app");
  claimName(folder);
  writeFileSync(join(folder.path, "file"), "");
  const [running, stopped, released] = [sleeper(), sleeper(), sleeper()];
  process.kill(stopped.pid, "SIGSTOP");
  const watchdog = new Watchdog(folder);
  for (const one of [running, stopped, released]) watchdog.add(one.pid);
  watchdog.remove(released.pid);
  await watchdog.close();
  await Promise.all([running.gone, stopped.gone]);
  expect(isAlive(released.pid)).toBe(true);
  process.kill(released.pid);
  await released.gone;
  expect(existsSync(folder.path)).toBe(false);
  expect(existsSync(folder.link)).toBe(false);
});

test("the watchdog leaves the name alone where it has passed on", async () => {
  const runtime = join(home, "run");
  const [first, second] = [createRunFolder(runtime, "app"), createRunFolder(runtime, "app")];
  const watchdog = new Watchdog(first);
  claimName(second);
  await watchdog.close();
  expect(existsSync(first.path)).toBe(false);
  expect(existsSync(second.link)).toBe(true);
  await new Watchdog(second).close();
});

test("the watchdog outlives what a terminal sends", async () => {
  const folder = createRunFolder(join(home, "run"), "app");
  const watchdog = new Watchdog(folder);
  // It ignores signals from its first line on: told a process, it has read that line.
  const one = sleeper();
  watchdog.add(one.pid);
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.kill(watchdog.pid!, signal);
  await watchdog.close();
  await one.gone;
  await eventually(() => (existsSync(folder.path) ? undefined : true));
});
