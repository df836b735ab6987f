// Says in one line what the checks and the test run came to: `N passed, N failed, N skipped`. Exits 1 if anything failed.
import { readFileSync } from "node:fs";

const [, , file, otherFailures, status] = process.argv;
let passed = 0;
let failed = Number(otherFailures);
let skipped = 0;
try {
  const { testResults } = JSON.parse(readFileSync(file, "utf8"));
  for (const { assertionResults, status: suite } of testResults) {
    for (const { status: one } of assertionResults) {
      if (one === "passed") passed++;
      else if (one === "failed") failed++;
      else skipped++;
    }
    // A file that did not load has no tests that could fail.
    if (suite === "failed" && assertionResults.every(({ status: one }) => one !== "failed")) failed++;
  }
} catch (error) {
  console.error(`The test run left no result: ${error.message}`);
  failed++;
}
if (Number(status) !== 0 && failed === 0) failed++;
// Where the engine and the cluster were brought up, a skipped test is one that should have run.
if (process.env.HADRON_NO_SKIP === "1" && skipped > 0) {
  console.error(`${skipped} tests were skipped although there is an engine and a cluster.`);
  failed += skipped;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
