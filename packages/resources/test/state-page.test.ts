import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

test("each promise in docs/state.md names a test that there is", () => {
  const page = readFileSync(join(root, "docs/state.md"), "utf8");
  const [, table = ""] = page.split("| promise | of | test |\n| --- | --- | --- |\n");
  const rows = (table.split("\n\n")[0] ?? "").split("\n").map((row) => row.slice(2, -2).split(" | "));
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) expect(row, row[0]).toHaveLength(3);
  const files = globSync(["packages/resources/test/**/*.test.ts", "packages/resources/src/**/suite/*.ts"], {
    cwd: root,
  });
  const sources = files.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
  const titles = new Set(
    [...sources.matchAll(/[([]\s*(?:"((?:[^"\\]|\\.)+)"|`\$\{name\}: ([^`]+)`)/g)].map(
      ([, plain, ofDriver]) => plain ?? ofDriver,
    ),
  );
  expect(rows.map((row) => row[2]).filter((title) => !titles.has(title))).toEqual([]);
});
