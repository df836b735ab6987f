import { defineConfig } from "vitest/config";

/**
 * The tests that mutants are tried with: those in one process. What a mutant is cannot be told to a process that a test
 * starts, so tests of whole processes, engines and clusters would only be slow here, and notice nothing.
 */
export default defineConfig({
  test: {
    include: ["packages/{core,patterns,femto-cpu,runners}/test/**/*.test.ts"],
    exclude: [
      "**/node_modules/**",
      "**/*.long.test.ts",
      "packages/core/test/cli/e2e/**",
      "packages/core/test/faults/**",
      "packages/core/test/transport/process-life.test.ts",
      "packages/core/test/transport/busy.test.ts",
      "packages/femto-cpu/test/local.test.ts",
      "packages/runners/test/local/{exit,fixture-faults,nothing-left,outside-calls,packed,runner,storage,suite,supervision,watchdog}.test.ts",
    ],
    testTimeout: 10_000,
  },
});
