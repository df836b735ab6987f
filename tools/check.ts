// Checks everything that is checked: `pnpm check [WORD …]`. Every step runs, whatever the ones before it came
// to; the last line says what all came to: "N passed, N failed" (", N skipped" may follow). Exits 1 if anything failed.
// A WORD: of the tests, those alone whose path contains one of these.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

const root = resolve(import.meta.dirname, "..");
const results = join(root, ".build/tests.json");

/** Whether a program of the workspace ended well. */
function succeeds(program: string, ...words: string[]): boolean {
  console.error(`\n> ${[program, ...words].join(" ")}`);
  const { status, error } = spawnSync(join(root, "node_modules/.bin", program), words, { cwd: root, stdio: "inherit" });
  if (error !== undefined) console.error(error.message);
  return status === 0;
}

/** A step counts as one check, beside the tests. */
const steps = [succeeds("biome", "check", "."), succeeds("tsc", "--noEmit"), succeeds("knip")];

mkdirSync(join(root, ".build"), { recursive: true });
rmSync(results, { force: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
const areTestsGreen = succeeds("vitest", "run", ...reporters, ...process.argv.slice(2));

let passed = steps.filter((isGreen) => isGreen).length;
let failed = steps.length - passed;
let skipped = 0;
try {
  const { testResults }: { testResults: readonly TestFile[] } = JSON.parse(readFileSync(results, "utf8"));
  const fates = testResults.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
  passed += fates.filter((fate) => fate === "passed").length;
  skipped = fates.filter((fate) => fate !== "passed" && fate !== "failed").length;
  const failures = fates.filter((fate) => fate === "failed").length;
  // A file that did not load has no tests that could fail.
  const unloaded = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((result) => result.status !== "failed"),
  );
  for (const { name } of unloaded) console.error(`${name} failed outside of its tests.`);
  failed += failures + unloaded.length;
  // An error that no test waited for.
  if (!areTestsGreen && failures + unloaded.length === 0) failed++;
} catch (error) {
  console.error(`The test run left no result: ${error}`);
  failed++;
}
// Where the engine and the cluster were brought up, a skipped test is one that should have run.
if (process.env.HADRON_NO_SKIP === "1" && skipped > 0) {
  console.error(`${skipped} tests were skipped although there is an engine and a cluster.`);
  failed += skipped;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;
