import type { AppStatus, ReplicaStatus, Topology } from "@hadron/core/spi";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually, toProgram } from "../../src/suite.ts";
import { fixture, Home, isAlive } from "./harness.ts";

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home[Symbol.asyncDispose]());

const replicas = (status: AppStatus): readonly ReplicaStatus[] => status.services.flatMap((one) => one.replicas);

describe("a replica that dies", () => {
  async function start() {
    const { trouble } = await import("../fixtures/trouble.ts");
    const runner = home.runner();
    await home.apply(runner, toProgram(fixture("trouble.ts"), "trouble", [trouble]));
    const call = (procedure: string, input?: unknown) => home.call(runner, "trouble", "trouble", procedure, input);
    /** One replica was started again, and all are ready. */
    const recovered = () =>
      eventually(async () => {
        const all = replicas(await runner.status("trouble", home.context));
        return all.some((one) => one.restarts > 0) && all.every((one) => one.state === "ready") ? all : undefined;
      });
    return { runner, call, recovered };
  }

  test("by its own exit is started again, and the caller hears why", async () => {
    const { call, recovered } = await start();
    await expect(call("exit", 7)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("exit code 7"),
    });
    const all = await recovered();
    expect(all.map((one) => one.restarts).sort()).toEqual([0, 1]);
    expect(all.find((one) => one.restarts === 1)?.reason).toBe("exit code 7");
    expect(await call("sleep", 1)).toBe("slept");
  });

  test("of an error that nobody caught says which, in the user's own lines", async () => {
    const { runner, call, recovered } = await start();
    await expect(call("throwLater", "too late")).rejects.toThrow("exit code 1 (TypeError: too late)");
    await recovered();
    const lines = [];
    for await (const { line } of runner.logs("trouble", { service: undefined, follow: false }, home.context))
      lines.push(line);
    expect(lines.join("\n")).toMatch(/TypeError: too late\n\s+at .*fixtures\/trouble\.ts:12:15/);
  });

  test("of memory says so", async () => {
    const { call, recovered } = await start();
    await expect(call("eat")).rejects.toThrow(/out of memory: its heap reached 48 MiB/);
    await recovered();
  });

  test("by kill -9 is started again", async () => {
    const { call, recovered } = await start();
    process.kill(await call("pid"), "SIGKILL");
    const all = await recovered();
    expect(all.find((one) => one.restarts === 1)?.reason).toBe("killed by SIGKILL");
  });

  test("does not take others' calls with it", async () => {
    const { call, recovered } = await start();
    const pids = new Set<number>();
    while (pids.size < 2) pids.add(await call("pid"));
    const slow = Array.from({ length: 8 }, () =>
      call("sleep", 300).then(
        () => "slept",
        () => "lost",
      ),
    );
    process.kill([...pids][0]!, "SIGKILL");
    const answers = await Promise.all([...slow, ...Array.from({ length: 8 }, () => call("sleep", 1))]);
    expect(answers.slice(8)).toEqual(Array(8).fill("slept"));
    await recovered();
  });
});

test("status answers while a replica hangs, and says that it could not be asked", async () => {
  const { trouble } = await import("../fixtures/trouble.ts");
  const runner = home.runner();
  await home.apply(runner, toProgram(fixture("trouble.ts"), "trouble", [trouble]));
  const pid = await home.call(runner, "trouble", "trouble", "pid");
  process.kill(pid, "SIGSTOP");
  try {
    const all = replicas(await runner.status("trouble", home.context));
    expect(all.map((one) => one.calls).filter((calls) => calls === null)).toHaveLength(1);
    expect(all.map((one) => one.state)).toEqual(["ready", "ready"]);
    expect(all.find((one) => one.calls === null)?.reason).toBe("does not answer: it is stopped, or too busy");
  } finally {
    process.kill(pid, "SIGCONT");
  }
});

test("a replica that hangs is ended after its hangMs and started again, and its caller and status hear why", async () => {
  const { hang } = await import("../fixtures/hang.ts");
  const runner = home.runner();
  await home.apply(runner, toProgram(fixture("hang.ts"), "hang", [hang]));
  const call = (procedure: string) => home.call(runner, "hang", "hang", procedure);
  await expect(call("loop")).rejects.toThrow("it hung: it answered nothing for 1 s (limits.hangMs)");
  expect(await call("ok")).toBe("ok");
  const [one] = replicas(await runner.status("hang", home.context));
  expect(one).toMatchObject({ state: "ready", restarts: 1, reason: expect.stringContaining("it hung") });
});

describe("a replica that", () => {
  /** A program whose replicas are plain files that speak the contract. */
  function plain(behaviours: readonly string[]) {
    const topology: Topology = {
      version: 2,
      app: "plain",
      services: behaviours.map((behaviour, index) => ({
        name: `${behaviour}-${index}`,
        pattern: null,
        procedures: ["x"],
        idempotent: [],
        replicas: 1,
        sharded: false,
        groups: 1,
        children: [],
        exposed: null,
        capacity: { cpu: 1, memoryBytes: 64 * 1024 * 1024 },
        limits: { concurrency: 1, inputBytes: 1024, outputBytes: 1024, drainMs: 100 },
        env: { BEHAVIOUR: behaviour },
        secrets: [],
        files: [],
        storage: null,
        image: null,
      })),
    };
    return { entry: fixture("plain.mjs"), topology, hash: "0", runCall: 1, secrets: {} };
  }

  test("refuses to start fails the apply with its code and words, and ends the others", async () => {
    const runner = home.runner();
    await expect(runner.apply(plain(["serve", "refuse"]), home.context)).rejects.toMatchObject({
      code: "TOPOLOGY_MISMATCH",
      message: "Replica refuse-1.0 cannot start: services.x is 1 here and 2 there\nIts last lines:\n  about to refuse",
    });
    expect(await home.left()).toEqual([]);
    expect((await runner.status("plain", home.context)).revision).toBeNull();
  });

  test("throws on import fails the apply with what it printed", async () => {
    await expect(home.runner().apply(plain(["serve", "throw"]), home.context)).rejects.toMatchObject({
      code: "RUNNER_FAILED",
      message: expect.stringMatching(
        /throw-1\.0 ended before it was ready: exit code 1 \(RangeError: thrown on import\)[\s\S]*plain\.mjs:14:9/,
      ),
    });
    expect(await home.left()).toEqual([]);
  });

  test("is never ready fails the apply when its time is up", async () => {
    await expect(home.runner({ startTimeoutMs: 1500 }).apply(plain(["silent"]), home.context)).rejects.toMatchObject({
      code: "RUNNER_FAILED",
      message: "Replica silent-0.0 cannot start: it was not ready after 1.5 s\nIts last lines:\n  still loading",
    });
    expect(await home.left()).toEqual([]);
  });

  test("keeps dying is failed after a while, with its last lines", async () => {
    const runner = home.runner();
    await home.apply(runner, plain(["serve", "die"]));
    const failed = await eventually(async () => {
      const status = await runner.status("plain", home.context);
      return replicas(status).find((one) => one.state === "failed");
    });
    expect(failed).toMatchObject({ name: "die-1.0", restarts: 4 });
    expect(failed.reason).toBe(
      "exit code 9; it died 5 times within a minute, and is not started again.\nIts last lines:\n  goodbye",
    );
    expect(replicas(await runner.status("plain", home.context))[0]?.state).toBe("ready");
    const said: string[] = [];
    for await (const { line } of runner.logs("plain", { service: "die-1", follow: false }, home.context)) {
      if (line.startsWith("{")) said.push((JSON.parse(line) as { message: string }).message);
    }
    expect(said.filter((message) => message !== "ready")).toEqual([
      ...new Array(4).fill("exit code 9; it is started again"),
      "exit code 9; it died 5 times within a minute, and is not started again.",
    ]);
  });

  test("is being started when the command is stopped is ended with the rest", async () => {
    const stop = new AbortController();
    const starting = home.runner().apply(plain(["serve", "silent"]), {
      signal: stop.signal,
      progress: { step: (_, detail) => detail.startsWith("1 of 2") && stop.abort(new Error("stopped")), note() {} },
    });
    await expect(starting).rejects.toThrow("stopped");
    expect(await home.left()).toEqual([]);
  });
});

test("a file that declares another app each time it runs is found out before anything serves", async () => {
  const { fickle } = await import("../fixtures/fickle.ts");
  await expect(
    home.runner().apply(toProgram(fixture("fickle.ts"), "fickle", [fickle]), home.context),
  ).rejects.toMatchObject({
    code: "TOPOLOGY_MISMATCH",
    message: expect.stringMatching(
      /services\.fickle\.limits\.inputBytes is .* in the deployment and .* in this replica/,
    ),
  });
  expect(await home.left()).toEqual([]);
});

test("a replica takes what it started along when it ends", async () => {
  const { trouble } = await import("../fixtures/trouble.ts");
  const runner = home.runner();
  const { attached } = await home.apply(runner, toProgram(fixture("trouble.ts"), "trouble", [trouble]));
  const child: number = await home.call(runner, "trouble", "trouble", "startProcess");
  expect(isAlive(child)).toBe(true);
  await attached![Symbol.asyncDispose]();
  await eventually(() => (isAlive(child) ? undefined : true));
});
