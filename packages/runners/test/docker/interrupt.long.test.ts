import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunner } from "../../src/docker/index.ts";
import { toProgram } from "../../src/suite.ts";
import { listLeft, quiet, skip, uniqueApp } from "./engine.ts";
import { startEngineProxy } from "./engine-proxy.ts";

const app = uniqueApp("interrupt");
const runner = createRunner({ flags: {}, explicitApp: false, env: process.env });
const fileOf = (name: string) => fileURLToPath(new URL(`../fixtures/${name}.ts`, import.meta.url));
const load = async (name: string) => toProgram(fileOf(name), app, [(await import(fileOf(name))).trio]);

/** Runs `up` as a user does, and ends it with `signal` at its `step`th change to the engine. How many there were. */
async function interruptedUp(
  file: string,
  step: number,
  signal: "SIGINT" | "SIGKILL",
  when: "before" | "after",
): Promise<number> {
  let steps = 0;
  await using proxy = await startEngineProxy("/var/run/docker.sock", () => {
    steps++;
    if (steps === step) {
      // "After": the engine has heard of it, and whoever asked never learns what came of it.
      if (signal === "SIGKILL" || when === "before") process.kill(child.pid!, signal);
      else setTimeout(() => child.kill(signal), 5);
    }
    return steps === step && when === "before" ? "drop" : "pass";
  });
  const child = spawn(process.execPath, ["--import", "tsx", fileOf(file), "up", "--runner=docker", `--app=${app}`], {
    env: { ...process.env, DOCKER_HOST: proxy.address },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const status = await new Promise((resolve) => child.once("close", (code, by) => resolve(by ?? code)));
  // One that was not interrupted must have done its work.
  if (steps < step) expect(status, said).toBe(0);
  return steps;
}

describe.skipIf(skip !== undefined)(
  `an interrupted up${skip === undefined ? "" : ` (${skip})`}`,
  { timeout: 900_000 },
  () => {
    let program: Awaited<ReturnType<typeof load>>;
    let next: Awaited<ReturnType<typeof load>>;
    beforeAll(async () => {
      [program, next] = await Promise.all([load("trio"), load("trio-next")]);
    });
    afterAll(() => runner.delete(app, { data: true }, quiet), 60_000);

    test.each(["SIGKILL", "SIGINT"] as const)(
      "by %s at each step is finished by the next up, or removed by delete",
      async (signal) => {
        for (let step = 1; ; step++) {
          const when = step % 2 === 0 ? "before" : "after";
          const steps = await interruptedUp("trio", step, signal, when);
          if (step % 3 === 0) {
            expect(await runner.delete(app, { data: true }, quiet), `delete after step ${step}`).toEqual({
              left: [],
              kept: [],
            });
            expect(await listLeft(app), `left after step ${step}`).toEqual([]);
          }
          const { status } = await runner.apply(program, quiet);
          expect(status.services.flatMap((one) => one.replicas.map(({ name, state }) => `${name} ${state}`))).toEqual([
            "trio.0 ready",
            "trio.leaf.0 ready",
            "trio.leaf.1 ready",
          ]);
          expect((await runner.plan(program, quiet)).changes).toEqual([]);
          expect(await runner.delete(app, { data: true }, quiet)).toEqual({ left: [], kept: [] });
          expect(await listLeft(app)).toEqual([]);
          if (steps < step) break;
        }
      },
    );

    test("by SIGKILL at each step of a replacement is finished by the next up, either way", async () => {
      await runner.apply(program, quiet);
      for (let step = 1; ; step++) {
        const steps = await interruptedUp("trio-next", step, "SIGKILL", step % 2 === 0 ? "before" : "after");
        // Forward, or back to what was.
        const wanted = step % 2 === 0 ? next : program;
        await runner.apply(wanted, quiet);
        expect((await runner.plan(wanted, quiet)).changes, `step ${step}`).toEqual([]);
        expect(
          (await runner.status(app, quiet)).services.flatMap((one) => one.replicas.map(({ state }) => state)),
        ).toEqual(["ready", "ready", "ready"]);
        if (wanted === next) await runner.apply(program, quiet);
        if (steps < step) break;
      }
      expect(await runner.delete(app, { data: true }, quiet)).toEqual({ left: [], kept: [] });
      expect(await listLeft(app)).toEqual([]);
    });
  },
);
