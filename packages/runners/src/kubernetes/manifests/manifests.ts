import { CAPTURES_FILE, type Topology } from "@hadron/core/spi";
import { countsOf } from "../../replica/counts.ts";
import { COUNTS_FILE, TOPOLOGY_FILE } from "../../replica/layout.ts";
import { checkSaid } from "../declared/check.ts";
import { patched } from "../declared/patch.ts";
import { withSaid } from "../declared/said.ts";
import { labelsOf, REVISION } from "../objects/labels.ts";
import { appNames, nameObjects } from "../objects/names.ts";
import { ALL_OWN_KINDS, type ConfigMap, type Kind, type KubeObject } from "../objects/objects.ts";
import type { ManifestInput, ServiceInput } from "./input.ts";
import { toPolicies } from "./network-policy.ts";
import { toServices } from "./services.ts";
import { toDisruptionBudget, toWorkload } from "./workload.ts";

/**
 * An app as Kubernetes objects, without a namespace, in the order in which they are made. Pure: the same input gives the
 * same objects. Secrets are not among them, as their values are not in a topology: see {@link toSecret}.
 */
export function toManifests(input: ManifestInput): readonly KubeObject[] {
  const { topology } = input;
  checkSaid(topology);
  const allNames = nameObjects(topology);
  const objects: KubeObject[] = [
    toAccount(topology),
    toTopology(input),
    toCounts(topology.app, countsOf(topology, input.counts)),
    ...toPolicies(topology, allNames),
  ];
  for (const service of topology.services) {
    const names = allNames.get(service.name);
    if (names === undefined) continue;
    const whole: ServiceInput = { ...input, service, allNames, names };
    objects.push(...toServices(whole), toWorkload(whole), ...toDisruptionBudget(whole));
  }
  const order: readonly Kind[] = ALL_OWN_KINDS;
  const finished = objects.flatMap((object) => patched(withSaid(object, topology), input));
  return finished.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function toAccount({ app }: Topology): KubeObject {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: appNames(app).account, labels: labelsOf(app) },
    automountServiceAccountToken: false,
  };
}

/** What is deployed, for whoever looks at it later: see `readDeployed`. */
function toTopology({ topology, revision, captured }: ManifestInput): ConfigMap {
  const { app } = topology;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: appNames(app).topology, labels: labelsOf(app), annotations: { [REVISION]: revision } },
    data: {
      [TOPOLOGY_FILE]: JSON.stringify(topology),
      ...(captured === undefined ? {} : { [CAPTURES_FILE]: captured }),
    },
  };
}

/** How many replicas the sharded services have now: mounted into every pod, and read again when it changes. */
export function toCounts(app: string, counts: Readonly<Record<string, number>>): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: appNames(app).counts, labels: labelsOf(app) },
    data: { [COUNTS_FILE]: JSON.stringify(counts) },
  };
}
