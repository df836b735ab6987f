import { createRunner } from "../../src/kubernetes/index.ts";
import { skip, useNamespace } from "../kubernetes/cluster.ts";
import { MORE_PEOPLE_USE } from "./more-people-use.ts";
import { PEOPLE_USE } from "./people-use.ts";
import { describePackages, inContainer } from "./suite.ts";

const { env } = useNamespace();
const onCluster = {
  what: "in a pod",
  skip,
  createRunner: () => createRunner({ flags: {}, explicitApp: false, env }),
};

describePackages("npm", [...PEOPLE_USE, ...MORE_PEOPLE_USE], [inContainer, onCluster]);
