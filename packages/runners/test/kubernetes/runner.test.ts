import { createRunner } from "../../src/kubernetes/index.ts";
import { describeRunner } from "../../src/suite.ts";
import { skip, useNamespace } from "./cluster.ts";

const { name: namespace } = useNamespace();

describeRunner("kubernetes", {
  createRunner: (env) => createRunner({ env, flags: { namespace }, explicitApp: false }),
  skip,
  // An address inside the cluster is none that this machine can call.
  endpoints: false,
});
