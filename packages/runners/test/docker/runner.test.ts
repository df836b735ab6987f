import { createRunner } from "../../src/docker/index.ts";
import { describeRunner } from "../../src/suite.ts";
import { skip, uniqueApp } from "./engine.ts";

describeRunner("docker", {
  createRunner: (env) => createRunner({ env, flags: {}, explicitApp: false }),
  app: uniqueApp("suite"),
  skip,
  // A replica that publishes its own port: its successor has another.
  endpointsMove: true,
});
