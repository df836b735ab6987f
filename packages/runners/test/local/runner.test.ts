import { join } from "node:path";
import { afterAll } from "vitest";
import { createRunner } from "../../src/local/index.ts";
import { describeRunner } from "../../src/suite.ts";
import { Home } from "./harness.ts";

const home = await Home.make();
afterAll(() => home[Symbol.asyncDispose]());

describeRunner("local", {
  createRunner: (env) =>
    createRunner({
      env: { ...env, ...home.folders },
      flags: { "data-dir": join(home.path, "data") },
      explicitApp: false,
    }),
});
