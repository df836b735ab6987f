import { createRunner } from "../../src/docker/index.ts";
import { describeEdges } from "../edges.ts";
import { skip, uniqueApp } from "./engine.ts";

describeEdges("docker", {
  app: uniqueApp("edges"),
  skip,
  createRunner: () => createRunner({ env: process.env as Record<string, string>, flags: {}, explicitApp: false }),
});
