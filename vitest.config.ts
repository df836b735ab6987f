import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/*.long.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // None is tried again: what fails by chance hides a defect, of the test or of the product.
    retry: 0,
    // Most wait most of the time: for an engine, a cluster, a process that starts.
    maxWorkers: Math.max(2, availableParallelism()),
  },
});
