import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askOnce } from "../../src/local/control/control.ts";
import { hasEnded, listProcesses } from "../../src/local/folder/processes.ts";
import { CONTROL_SOCKET, findRunFolder } from "../../src/local/folder/run-folder.ts";
import { WATCHDOG } from "../../src/local/folder/watchdog.ts";
import { eventually, toProgram } from "../../src/suite.ts";
import { fixture, Home, isAlive } from "./harness.ts";

const tsx = createRequire(import.meta.url).resolve("tsx/cli");

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
const started: ChildProcess[] = [];
const stopped: number[] = [];
afterEach(async () => {
  // Where the test has failed; else they are gone.
  for (const pid of stopped.splice(0)) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  for (const child of started.splice(0)) child.kill("SIGKILL");
  await home[Symbol.asyncDispose]();
});

const load = async (file: string) =>
  toProgram(fixture(file), "sole", [(await import(/* @vite-ignore */ fixture(file))).diary]);

test("a replica that stores is gone before the next one of its folder starts, and callers wait", async () => {
  const runner = home.runner();
  const [first, next] = await Promise.all([load("sole.ts"), load("sole-next.ts")]);
  await home.apply(runner, first);
  const held = home.call(runner, "sole", "diary", "hold", 1000);
  expect(await home.call(runner, "sole", "diary", "version")).toBe(1);
  const updating = runner.apply(next, home.context);
  const versions: number[] = [];
  let over = false;
  const calling = (async () => {
    while (!over) versions.push(await home.call(runner, "sole", "diary", "version"));
  })();
  await updating;
  over = true;
  await calling;
  expect(await held).toBe("held");
  expect(new Set(versions)).toEqual(new Set([1, 2]));
  expect(await home.call(runner, "sole", "diary", "read")).toBe("1 first\n2 alone\n");
});

test("where the next one does not start, the one before comes back to what it stored", async () => {
  const runner = home.runner();
  const [first, broken] = await Promise.all([load("sole.ts"), load("sole-broken.ts")]);
  await home.apply(runner, first);
  await expect(runner.apply(broken, home.context)).rejects.toThrow("no pen to write with");
  expect(await home.call(runner, "sole", "diary", "version")).toBe(1);
  expect(await home.call(runner, "sole", "diary", "read")).toBe("1 first\nbroken alone\n1 alone\n");
});

/** `up` of the app in a process of its own. Resolves with the pids of all that belongs to it when it serves. */
async function upElsewhere() {
  const env = { ...home.env, HADRON_DATA_DIR: `${home.path}/data` };
  started.push(spawn(process.execPath, [tsx, fixture("sole.ts"), "up"], { env, stdio: "ignore" }));
  await eventually(async () => {
    const { services } = await home.runner().status("sole", home.context);
    return services[0]?.replicas[0]?.state === "ready" ? true : undefined;
  });
  const folder = findRunFolder(`${home.path}/hadron`, "sole") ?? "";
  const { signal } = home.context;
  const holder = await askOnce(join(folder, CONTROL_SOCKET), { verb: "describe" }, { signal });
  const processes = await listProcesses(folder);
  const [watchdog] = processes.filter(({ command }) => command.includes(WATCHDOG));
  const [replica] = processes.filter(({ command }) => !command.includes(WATCHDOG));
  if (holder === undefined || watchdog === undefined || replica === undefined)
    throw new Error(`not all is there: ${JSON.stringify(processes)}`);
  return { holder: holder.pid, watchdog: watchdog.pid, replica: replica.pid };
}

test("what a killed runner leaves is gone before the next `up` owns its folder, though the watchdog has not come to it", async () => {
  const { holder, watchdog, replica } = await upElsewhere();
  // However slow they are: neither comes to its end by itself.
  process.kill(watchdog, "SIGSTOP");
  stopped.push(watchdog);
  process.kill(replica, "SIGSTOP");
  process.kill(holder, "SIGKILL");
  await eventually(async () => ((await hasEnded(holder)) ? true : undefined));
  expect(await hasEnded(replica)).toBe(false);
  const runner = home.runner();
  await home.apply(runner, await load("sole.ts"));
  expect(await home.call(runner, "sole", "diary", "read")).toBe("1 first\n1 alone\n");
  expect(await hasEnded(watchdog)).toBe(true);
});

test("a file of the run folder in an editor is not taken for a replica", async () => {
  const { holder, watchdog } = await upElsewhere();
  const folder = findRunFolder(`${home.path}/hadron`, "sole") ?? "";
  const pager = spawn("tail", ["-f", "-n", "0", join(folder, CONTROL_SOCKET), "/dev/null"], { stdio: "ignore" });
  started.push(pager);
  process.kill(watchdog, "SIGSTOP");
  stopped.push(watchdog);
  process.kill(holder, "SIGKILL");
  await eventually(async () => ((await hasEnded(holder)) ? true : undefined));
  expect((await home.runner().status("sole", home.context)).revision).toBeNull();
  expect(await home.left()).toEqual([]);
  expect(pager.exitCode ?? pager.signalCode).toBeNull();
});
