import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PACKAGES, root } from "../sources.ts";

/** Where a user would be: outside the workspace, with the packages linked. */
const folder = mkdtempSync(join(tmpdir(), "hadron docs "));
const EXAMPLE = /^```ts\n\/\/ (\S+)\n(.*?)^```$/gms;
const page = readFileSync(join(root, "docs/testing.md"), "utf8");
const examples = [...page.matchAll(EXAMPLE)].map(([, name = "", text = ""]) => ({ name, text }));

beforeAll(() => {
  mkdirSync(join(folder, "node_modules/@hadron"), { recursive: true });
  for (const name of PACKAGES) symlinkSync(join(root, "packages", name), join(folder, "node_modules/@hadron", name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
  for (const { name, text } of examples) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the examples of docs/testing.md run as they stand, by node --test", { timeout: 60_000 }, async () => {
  const tests = examples.map(({ name }) => name).filter((name) => name.endsWith(".test.ts"));
  expect(tests).toEqual(["shop.test.ts", "counter.test.ts"]);
  // Each example is a file: none is left out for want of a name.
  expect(page.match(/^```ts$/gm)).toHaveLength(examples.length);
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  delete env.NODE_OPTIONS;
  const { stdout } = await promisify(execFile)(process.execPath, ["--test", "--test-reporter=tap", ...tests], {
    cwd: folder,
    env,
  });
  expect(stdout).toMatch(/^# pass 2$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
});
