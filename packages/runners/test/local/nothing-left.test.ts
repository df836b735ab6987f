import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../src/suite.ts";
import { fixture, Home, isAlive } from "./harness.ts";

const tsx = createRequire(import.meta.url).resolve("tsx/cli");
let home: Home;
const started: ChildProcess[] = [];
beforeEach(async () => {
  home = await Home.make();
});
afterEach(async () => {
  for (const one of started.splice(0)) one.kill("SIGKILL");
  await home[Symbol.asyncDispose]();
});

/** `up` in a process of its own, as a user starts it. `pid`: the one that holds the deployment, behind tsx. */
async function up(): Promise<{
  readonly child: ChildProcess;
  readonly pid: number;
  readonly replicas: readonly number[];
}> {
  const child = spawn(process.execPath, [tsx, fixture("trouble.ts"), "up"], {
    env: home.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  child.stderr!.on("data", (chunk) => (output += chunk));
  const runner = home.runner();
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`up ended: ${output}`);
    const { services } = await runner.status("trouble", home.context);
    return services[0]?.replicas.every((one) => one.state === "ready") ? true : undefined;
  });
  const replicas = new Set<number>();
  while (replicas.size < 2) replicas.add(await home.call(runner, "trouble", "trouble", "pid"));
  const pid = await runner
    .apply({ ...(await trouble()) }, home.context)
    .catch((error: Error) => Number(/process (\d+)/.exec(error.message)![1]));
  return { child, pid: pid as number, replicas: [...replicas] };
}

async function trouble() {
  const { trouble } = await import("../fixtures/trouble.ts");
  const { toProgram } = await import("../../src/suite.ts");
  return toProgram(fixture("trouble.ts"), "trouble", [trouble]);
}

const gone = (pids: readonly number[]) => eventually(() => (pids.some(isAlive) ? undefined : true));
const folderEmpty = () => eventually(async () => ((await home.left()).length === 0 ? true : undefined));

describe("nothing is left behind", () => {
  test("when the runner is killed with kill -9, although one replica is stopped and one spins", async () => {
    const { pid, replicas } = await up();
    const spinning = home.call(home.runner(), "trouble", "trouble", "spin").catch((error: Error) => error);
    await eventually(async () => {
      const { services } = await home.runner().status("trouble", home.context);
      return services[0]!.replicas.some((one) => one.calls === null) ? true : undefined;
    });
    // Whichever of the two does not spin; a stopped one that spins is as good.
    process.kill(replicas[0]!, "SIGSTOP");
    process.kill(pid, "SIGKILL");
    await gone(replicas);
    await folderEmpty();
    expect(await spinning).toMatchObject({ code: "UNAVAILABLE" });
    expect((await home.runner().status("trouble", home.context)).revision).toBeNull();
  });

  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    test(`on ${signal}`, async () => {
      const { child, pid, replicas } = await up();
      const exited = new Promise((resolve) => child.once("exit", resolve));
      process.kill(pid, signal);
      expect(await exited).toBe(status);
      await gone(replicas);
      expect(await home.left()).toEqual([]);
    });
  }

  test("when another process deletes the app: the first one ends by itself", async () => {
    const { child, replicas } = await up();
    const exited = new Promise((resolve) => child.once("exit", resolve));
    expect(await home.runner().delete("trouble", { data: true }, home.context)).toEqual({ left: [], kept: [] });
    await gone(replicas);
    expect(await exited).toBe(0);
    expect(await home.left()).toEqual([]);
  });
});
