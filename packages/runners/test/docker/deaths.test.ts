import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunner } from "../../src/docker/index.ts";
import { toProgram } from "../../src/suite.ts";
import { dying } from "../fixtures/dying.ts";
import { quiet, skip, uniqueApp } from "./engine.ts";
import { callByLabel } from "./steady-load.ts";

const app = uniqueApp("deaths");
const runner = createRunner({ flags: {}, explicitApp: false, env: process.env });

describe.skipIf(skip !== undefined)(`deaths (${skip ?? "on an engine"})`, { timeout: 120_000 }, () => {
  beforeAll(async () => {
    const entry = fileURLToPath(new URL("../fixtures/dying.ts", import.meta.url));
    await runner.apply(toProgram(entry, app, [dying]), quiet);
  }, 120_000);
  afterAll(() => runner.delete(app, { data: true }, quiet), 60_000);

  const replica = async () => (await runner.status(app, quiet)).services[0]?.replicas[0];

  test.each([
    // Whichever limit it meets first.
    ["heap", expect.stringMatching(/^out of memory: its? .*; raise capacity.memoryMiB$/)],
    ["memory", "out of memory: it reached the limit of its container; raise capacity.memoryMiB"],
    ["error", "exit code 1 (RangeError: no such drawer)"],
    ["kill", "killed (exit code 137)"],
    ["hang", "it hung: it answered nothing for its limits.hangMs (exit code 140)"],
  ])("%s is told with its own reason, when the replica is back", async (way, reason) => {
    const before = (await replica())?.restarts ?? 0;
    const client = await callByLabel(runner, app, "dying", way, undefined);
    await client.call().catch(() => {}); // Its answer is lost with the replica, unless it was quick.
    await client.close();
    await expect.poll(replica, { timeout: 60_000 }).toMatchObject({ state: "ready", restarts: before + 1, reason });
  });
});
