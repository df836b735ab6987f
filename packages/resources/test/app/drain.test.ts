import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Shell } from "../../../core/test/cli/e2e/shell.ts";

const app = resolve(import.meta.dirname, "apps/jobs.ts");

let shell: Shell;
beforeEach(() => {
  shell = new Shell();
});
afterEach(() => shell[Symbol.asyncDispose]());

/** What was written of the jobs: `begun JOB ATTEMPT`, `done JOB ATTEMPT`. */
function written(word: string): readonly string[] {
  const file = join(shell.home, "worked");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  return lines.filter((line) => line.startsWith(word));
}

const up = async () => {
  const typed = shell.type([app, "up", `--data-dir=${shell.home}/data`]);
  await typed.says("err", "End it:");
  return typed;
};
const call = (procedure: string, input: unknown) => shell.run([app, "call", "boss", procedure, JSON.stringify(input)]);

test("Ctrl-C under load loses no message, and none is worked on twice", { timeout: 120_000 }, async () => {
  const first = await up();
  expect(await call("start", 400)).toMatchObject({ status: 0, out: "400\n" });
  const sending = call("give", { from: 400, count: 100 });
  await vi.waitFor(() => expect(written("giving")).toHaveLength(1), { timeout: 20_000, interval: 5 });
  first.signal("SIGINT");
  expect(await first.ended).toBe(130);
  // What was accepted was finished, and what was begun as well.
  expect(await sending).toMatchObject({ status: 0, out: "100\n" });
  expect(written("done")).toHaveLength(written("begun").length);
  expect(written("done").length).toBeLessThan(500);

  const second = await up();
  await vi.waitFor(() => expect(written("done").length).toBeGreaterThanOrEqual(500), { timeout: 60_000 });
  second.signal("SIGINT");
  expect(await second.ended).toBe(130);
  // In its first attempt: a message that the store handed out while its consumer went was given back.
  const jobs = Array.from({ length: 500 }, (_, job) => `${job} 1`).sort();
  const jobOf = (line: string) => line.slice(line.indexOf(" ") + 1);
  expect(written("done").map(jobOf).sort()).toEqual(jobs);
  expect(written("begun").map(jobOf).sort()).toEqual(jobs);
  expect(`${first.err}${second.err}`).not.toContain("it comes again");
});
