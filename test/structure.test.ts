import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { circlesOf, codeOf, filesOf, foldersOf, isOnCircle, PACKAGES, root, sourcesOf, without } from "./sources.ts";

/** A folder of more files than these has a plan that nobody sees. */
const MOST_FILES = 12;

/*
 * What is not yet as it should be. An entry that is not needed any more fails here, too: take it out. Add none: part the
 * file, or move what both need below both.
 */

/** Imports of one file by another that close a circle. */
const KNOWN_FILE_CIRCLES: Readonly<Record<string, readonly string[]>> = {
  core: [],
  runners: [],
};

/** Imports of one folder by another that close a circle. */
const KNOWN_FOLDER_CIRCLES: Readonly<Record<string, readonly string[]>> = {
  core: ["call/directory → run", "cli/command → cli/terminal"],
  "femto-cpu": ["machine → instruction-set"],
};

/** Folders of more than a dozen files. */
const KNOWN_CROWDS: readonly string[] = [];

/** Index files that do something beside listing. The index of a runner is what its module exports. */
const KNOWN_WORKERS: readonly string[] = [
  "packages/core/src/cli/index.ts",
  "packages/runners/src/docker/index.ts",
  "packages/runners/src/local/index.ts",
];

test.each(PACKAGES)("no file of %s is in an import circle", (name) => {
  const src = `packages/${name}/src/`;
  const known = (KNOWN_FILE_CIRCLES[name] ?? []).map((edge) => edge.replaceAll(/[^ ]+\.ts/g, (file) => src + file));
  const files = filesOf(name);
  expect(circlesOf(without(files, known))).toEqual([]);
  expect(known.filter((edge) => !isOnCircle(files, edge))).toEqual([]);
});

test.each(PACKAGES)("no folder of %s is in an import circle", (name) => {
  const known = KNOWN_FOLDER_CIRCLES[name] ?? [];
  const folders = foldersOf(name);
  expect(circlesOf(without(folders, known))).toEqual([]);
  expect(known.filter((edge) => !isOnCircle(folders, edge))).toEqual([]);
});

test("no folder of sources has more than a dozen files", () => {
  const folders = Map.groupBy(PACKAGES.flatMap(sourcesOf), (file) => dirname(file));
  const crowds = [...folders].filter(([, files]) => files.length > MOST_FILES).map(([folder]) => folder);
  expect(crowds).toEqual(KNOWN_CROWDS);
});

test("index files list, and do nothing else", () => {
  const listing = /export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+"[^"]+";|import\s+"[^"]+";/g;
  const indexes = PACKAGES.flatMap(sourcesOf).filter((file) => basename(file) === "index.ts");
  const workers = indexes.filter((file) => codeOf(file).replaceAll(listing, "").trim() !== "");
  expect(workers).toEqual(KNOWN_WORKERS);
});

test("no test compares a message with a regular expression as it stands: on errors that compares nothing", () => {
  const tests = globSync("{packages,examples,test}/**/*.test.ts", { cwd: root, exclude: ["**/node_modules/**"] });
  expect(tests.length).toBeGreaterThan(100);
  expect(tests.filter((file) => /\bmessage: \//.test(readFileSync(join(root, file), "utf8")))).toEqual([]);
});

test("every invariant of ARCHITECTURE.md is cited where it is kept, and no other", () => {
  const listed = readFileSync(join(root, "ARCHITECTURE.md"), "utf8").matchAll(/^\| (I\d+) \|/gm);
  const numbers = [...listed].map((match) => match[1] as string);
  expect(numbers).not.toEqual([]);
  const cited = PACKAGES.flatMap(sourcesOf).flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/(?:\/\/|\*)[^\n]*?\b(I[1-9]\d?)\b/g)].map((match) => match[1]),
  );
  expect([...new Set(cited)].sort()).toEqual(numbers.sort());
});
