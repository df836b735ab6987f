import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { ERROR_CODES } from "../../src/errors.ts";

const root = resolve(import.meta.dirname, "../../../..");
const page = readFileSync(join(root, "docs/calls.md"), "utf8");

/** The rows of the table whose head begins with that cell. */
function rowsOf(head: string): string[][] {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  expect(start, `a table of "${head}"`).toBeGreaterThan(0);
  const rows: string[][] = [];
  for (let at = start + 2; lines[at]?.startsWith("|"); at++) {
    rows.push(
      lines[at]!.slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  }
  return rows;
}

test("each situation in docs/calls.md is a test of that name", () => {
  const files = globSync("packages/*/test/**/*.test.ts", { cwd: root });
  const titles = new Set(
    files.flatMap((file) =>
      [...readFileSync(join(root, file), "utf8").matchAll(/\(\s*"((?:[^"\\]|\\.)+)",\s*(?:async )?\(/g)].map(
        (match) => match[1]!,
      ),
    ),
  );
  const rows = rowsOf("situation");
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) expect(row, row[0]).toHaveLength(5);
  expect(rows.map((row) => row[4]!).filter((title) => !titles.has(title))).toEqual([]);
});

test("docs/calls.md lists each error code with its number, whether it is retryable, cause and remedy", () => {
  const rows = rowsOf("code");
  expect(rows.map(([code, rpc, retryable]) => [code, rpc, retryable])).toEqual(
    Object.entries(ERROR_CODES).map(([code, { rpc, retryable }]) => [
      `\`${code}\``,
      String(rpc),
      retryable ? "yes" : "no",
    ]),
  );
  for (const [code, , , cause, remedy] of rows) {
    expect(cause!.length, `the cause of ${code}`).toBeGreaterThan(10);
    expect(remedy, `the remedy of ${code}`).toBeTruthy();
  }
});

test("the metrics that docs/calls.md names exist", () => {
  const names = new Set(
    globSync("packages/core/src/{call,scope,serve}/**/*.ts", { cwd: root }).flatMap(
      (file) => readFileSync(join(root, file), "utf8").match(/"[a-z_$`{}.]+"|`[^`]+`/g) ?? [],
    ),
  );
  const text = [...names].join(" ");
  const section = page.slice(page.indexOf("## What is measured"));
  const named = [...section.matchAll(/`_?((?:hadron_)?[a-z_]+)`/g)]
    .map((match) => match[1]!)
    .filter((name) => name.includes("_"));
  expect(named.length).toBeGreaterThan(8);
  for (const name of named) expect(text, name).toContain(name.replace(/^hadron_(client_)?/, ""));
});
