import { defineConfig } from "vitest/config";

/**
 * The tests that mutants are tried with: those in one process. What a mutant is cannot be told to a process that a test
 * starts, so tests of whole processes, engines and clusters would only be slow here, and notice nothing.
 */
export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    exclude: [
      "**/node_modules/**",
      "**/*.long.test.ts",
      "packages/core/test/{cli/e2e,faults}/**",
      "packages/runners/test/{client,docker,kubernetes}/**",
      "**/{busy,kill,local,no-handles,process-life}.test.ts",
      "packages/runners/test/local/{exit,inspect,nothing-left,one-owner,outside-calls,runner,storage,supervision,watchdog}.test.ts",
    ],
    // Of the run before anything is changed, on a machine that may be busy; Stryker has its own limit for a mutant.
    testTimeout: 60_000,
  },
});
