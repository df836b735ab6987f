import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./sources.ts";

/** Where a path of the map may begin. */
const FLOORS = ["", "packages", "packages/core/src", "packages/resources/src", "packages/runners/src"];

test("every file that ARCHITECTURE.md names is there", () => {
  const map = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const named = [...map.matchAll(/`([\w./-]+\/[\w.-]+\.ts)`/g)].flatMap((match) => match[1] ?? []);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !FLOORS.some((floor) => existsSync(join(root, floor, path))))).toEqual([]);
});

test("every page and example that README.md and the docs lead to is there", () => {
  const pages = globSync(["*.md", "docs/*.md", "examples/*.md", "packages/*/README.md"], { cwd: root });
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s{}]+)/g)]
      .flatMap((match) => match[1] ?? [])
      .filter((target) => !existsSync(join(root, page, "..", target)))
      .map((target) => `${page} → ${target}`),
  );
  expect(broken).toEqual([]);
});
