import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test, vi } from "vitest";
import { Shell } from "../../../core/test/cli/e2e/shell.ts";

const app = resolve(import.meta.dirname, "apps/slow-step.ts");

test("Ctrl-C waits for a step at work, whose outcome is kept: nobody is asked whether it was done", {
  timeout: 120_000,
}, async () => {
  await using shell = new Shell();
  const file = join(shell.home, "steps");
  const data = `--data-dir=${shell.home}/data`;
  const written = () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);
  const up = async () => {
    const typed = shell.type([app, "up", data]);
    await typed.says("err", "End it:");
    return typed;
  };
  const first = await up();
  const started = await shell.run([app, "call", "slow", "start", JSON.stringify({ id: "one", input: file }), data]);
  expect(started.status).toBe(0);
  await vi.waitFor(() => expect(written()).toEqual(["begun"]), { timeout: 20_000, interval: 5 });
  first.signal("SIGINT");
  expect(await first.ended).toBe(130);
  expect(written()).toEqual(["begun", "done"]);

  const second = await up();
  const result = await shell.run([app, "call", "slow", "result", '{"id":"one"}', data]);
  expect(result).toMatchObject({ status: 0, out: '"written"\n' });
  expect(written()).toEqual(["begun", "done"]);
  second.signal("SIGINT");
  await second.ended;
});
