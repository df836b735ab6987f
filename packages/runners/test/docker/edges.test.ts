import { createRunner } from "../../src/docker/index.ts";
import { describeEdges } from "../edges/suite.ts";
import { skip, uniqueApp } from "./engine.ts";

describeEdges("docker", {
  app: uniqueApp("edges"),
  skip,
  words: ["--runner=docker"],
  env: process.env,
  createRunner: () => createRunner({ env: process.env as Record<string, string>, flags: {}, explicitApp: false }),
});
