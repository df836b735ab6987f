import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/*.long.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // An engine, a cluster and eighty processes share two cores there: what fails three times in a row is broken.
    retry: process.env.CI ? 2 : 0,
  },
});
