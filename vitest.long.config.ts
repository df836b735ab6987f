import { defineConfig } from "vitest/config";

/** Fault matrices, soaks and long fuzzing: minutes each. */
export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.long.test.ts", "examples/test/**/*.long.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
