import type { ServiceTopology, Topology } from "@hadron/core/spi";
import { countsOf } from "../../replica/counts.ts";
import { COUNTS_FILE, TOPOLOGY_FILE } from "../../replica/layout.ts";
import { labelsOf, REVISION, SERVICE } from "../objects/labels.ts";
import { appNames, nameObjects, type ServiceNames } from "../objects/names.ts";
import { type KubeObject, OWN_KINDS, type OwnKind } from "../objects/objects.ts";
import { toPolicies } from "./network-policy.ts";
import { toServices } from "./services.ts";
import { toWorkload } from "./workload.ts";

/** All that the objects of an app are made of. */
export interface ManifestInput {
  readonly topology: Topology;
  /** `hashTopology` of it. */
  readonly topologyHash: string;
  /** The image with our code. */
  readonly image: string;
  readonly revision: string;
  /** See HADRON_RUN. */
  readonly runCall: number;
  /** Changes when a secret does, so that its pods are replaced; undefined: not known here. */
  readonly secretsVersion: string | undefined;
  /** How many replicas a service has where somebody else, an autoscaler, decides that. */
  readonly counts: Readonly<Record<string, number>>;
  /** The name of a Secret with registry credentials of the cluster, or undefined. */
  readonly pullSecret: string | undefined;
}

/** One service with all that its manifests need. */
export interface ServiceInput extends ManifestInput {
  readonly service: ServiceTopology;
  readonly names: ServiceNames;
  readonly allNames: ReadonlyMap<string, ServiceNames>;
}

/**
 * An app as Kubernetes objects, without a namespace, in the order in which they are made. Pure: the same input gives the
 * same objects. Secrets are not among them, as their values are not in a topology: see {@link toSecret}.
 */
export function toManifests(input: ManifestInput): readonly KubeObject[] {
  const { topology, revision } = input;
  const allNames = nameObjects(topology);
  const app = appNames(topology.app);
  const labels = labelsOf(topology.app);
  const objects: KubeObject[] = [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: app.account, labels },
      automountServiceAccountToken: false,
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: app.topology, labels, annotations: { [REVISION]: revision } },
      data: { [TOPOLOGY_FILE]: JSON.stringify(topology) },
    },
    toCounts(topology.app, countsOf(topology, input.counts)),
    ...toPolicies(topology, allNames),
  ];
  for (const service of topology.services) {
    const one: ServiceInput = { ...input, service, allNames, names: allNames.get(service.name)! };
    objects.push(...toServices(one), toWorkload(one), ...toDisruptionBudget(one));
  }
  return objects.sort((a, b) => OWN_KINDS.indexOf(a.kind as OwnKind) - OWN_KINDS.indexOf(b.kind as OwnKind));
}

/** How many replicas the sharded services have now: mounted into every pod, and read again when it changes. */
export function toCounts(app: string, counts: Readonly<Record<string, number>>): KubeObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: appNames(app).counts, labels: labelsOf(app) },
    data: { [COUNTS_FILE]: JSON.stringify(counts) },
  };
}

/** The secrets of an app. Never printed, never exported. */
export function toSecret(app: string, secrets: Readonly<Record<string, string>>): KubeObject {
  const data = Object.fromEntries(
    Object.entries(secrets)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, Buffer.from(value).toString("base64")]),
  );
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: appNames(app).secret, labels: labelsOf(app) },
    type: "Opaque",
    data,
  };
}

/** Voluntary disruptions, such as a node that is drained, take one replica after the other. */
function toDisruptionBudget({ topology, service, names }: ServiceInput): readonly KubeObject[] {
  if (service.replicas < 2) return [];
  const labels = labelsOf(topology.app, names.label);
  return [
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: names.base, labels, annotations: { [SERVICE]: service.name } },
      spec: { maxUnavailable: 1, selector: { matchLabels: labels }, unhealthyPodEvictionPolicy: "AlwaysAllow" },
    },
  ];
}
