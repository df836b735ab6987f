import { join } from "node:path";
import { afterAll } from "vitest";
import { createRunner } from "../../src/local/index.ts";
import { describeEdges } from "../edges/suite.ts";
import { Home } from "./harness.ts";

const home = await Home.make();
afterAll(() => home[Symbol.asyncDispose]());
const dataDir = join(home.path, "data");

describeEdges("local", {
  app: "edges",
  words: [`--data-dir=${dataDir}`],
  env: home.env,
  createRunner: () => createRunner({ env: home.env, flags: { "data-dir": dataDir }, explicitApp: false }),
});
