import { createRunner } from "../../src/kubernetes/index.ts";
import { describeEdges } from "../edges.ts";
import { skip, useNamespace } from "./cluster.ts";

const { name: namespace } = useNamespace();

describeEdges("kubernetes", {
  app: "edges",
  skip,
  createRunner: () =>
    createRunner({ env: process.env as Record<string, string>, flags: { namespace }, explicitApp: false }),
});
