import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { appFile, Shell, type Typed } from "./shell.ts";

let shell: Shell;
beforeEach(() => {
  shell = new Shell();
});
afterEach(() => shell[Symbol.asyncDispose]());

const app = appFile("alive");

test("a replica is ready when it has started, and is disposed of before it ends", { timeout: 60_000 }, async () => {
  const up = shell.type([app]);
  await up.says("err", "End it:");
  expect(await shell.run([app, "call", "alive", "state"])).toEqual({
    status: 0,
    out: '"alive.0 has started"\n',
    err: "",
  });
  up.signal("SIGINT");
  expect(await up.ended).toBe(130);
  expect(readFileSync(join(shell.home, "told"), "utf8")).toBe("told to stop\ndisposed of\n");
});

test("Ctrl-C, or a delete, while a replica starts waits until it is disposed of", { timeout: 60_000 }, async () => {
  const told = join(shell.home, "told");
  const stops = [
    { status: 130, stop: async (up: Typed) => up.signal("SIGINT") },
    { status: 1, stop: () => shell.run([appFile("starts-long"), "delete"]) },
  ];
  for (const { status, stop } of stops) {
    rmSync(told, { force: true });
    const up = shell.type([appFile("starts-long")]);
    await vi.waitFor(() => expect(readFileSync(told, "utf8")).toBe("starts\n"), { timeout: 20_000 });
    await stop(up);
    expect(await up.ended).toBe(status);
    expect(readFileSync(told, "utf8")).toBe("starts\nhas stopped starting\ndisposed of\n");
    if (status === 1) expect(up.err).toContain("was deleted by another process while it started");
    expect(shell.open()).toEqual([]);
  }
});

test("a start that fails is shown with its reason and its place, and nothing is left", {
  timeout: 60_000,
}, async () => {
  const { status, err } = await shell.run([appFile("start-fails")]);
  expect(status).toBe(1);
  expect(err).toContain("Replica stillborn.0 cannot start: stillborn.0: its start failed: no disk to write to");
  expect(shell.open()).toEqual([]);
});
