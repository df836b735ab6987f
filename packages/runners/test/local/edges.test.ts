import { join } from "node:path";
import { afterAll } from "vitest";
import { createRunner } from "../../src/local/index.ts";
import { describeEdges } from "../edges.ts";
import { Home } from "./harness.ts";

const home = await Home.make();
afterAll(() => home[Symbol.asyncDispose]());

describeEdges("local", {
  app: "edges",
  createRunner: () =>
    createRunner({
      env: { ...(process.env as Record<string, string>), ...home.folders },
      flags: { "data-dir": join(home.path, "data") },
      explicitApp: false,
    }),
});
