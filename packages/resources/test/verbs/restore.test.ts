import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Shell } from "../../../core/test/cli/e2e/shell.ts";

const shell = new Shell();
const folder = mkdtempSync(join(tmpdir(), "hadron-restore-"));
const file = join(import.meta.dirname, "apps/writes-at-start.ts");
const at = (name: string, ...words: readonly string[]) =>
  shell.run([file, ...words, `--data-dir=${join(folder, name)}`]);

afterAll(async () => {
  await shell[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test("an app whose services write when they start is restored before they do, and refused once they have", async () => {
  expect(await at("first", "call", "eager", "count")).toMatchObject({ status: 0, out: "1\n" });
  expect(await at("first", "call", "eager", "count")).toMatchObject({ status: 0, out: "2\n" });
  const backup = join(folder, "backup");
  expect(await at("first", "backup", `--to=${backup}`)).toMatchObject({ status: 0 });
  expect(await at("second", "restore", `--from=${backup}`)).toMatchObject({ status: 0 });
  expect(await at("second", "call", "eager", "count")).toMatchObject({ status: 0, out: "3\n" });
  expect(await at("second", "restore", `--from=${backup}`)).toMatchObject({
    status: 1,
    err: expect.stringMatching(
      /The store keeps keyValue:starts \(1 value\) already, and a backup is restored into an empty app only/,
    ),
  });
}, 120_000);
