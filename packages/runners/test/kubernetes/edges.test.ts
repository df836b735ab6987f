import { createRunner } from "../../src/kubernetes/index.ts";
import { describeEdges } from "../edges/suite.ts";
import { skip, useNamespace } from "./cluster.ts";

const { env } = useNamespace();

describeEdges("kubernetes", {
  app: "edges",
  skip,
  words: ["--runner=kubernetes"],
  env,
  createRunner: () => createRunner({ env, flags: {}, explicitApp: false }),
});
