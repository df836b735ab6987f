import { INTERNAL_PORT } from "../../replica/layout.ts";
import { saidOf } from "../declared/said.ts";
import { labelsOf, REVISION, SECRETS, SERVICE } from "../objects/labels.ts";
import type { KubeObject, Workload } from "../objects/objects.ts";
import { isStateful, type ServiceInput } from "./input.ts";
import { toPod } from "./pod.ts";
import { toClaims } from "./storage.ts";

/** What a Prometheus that goes by annotations reads; one that goes by a PodMonitor needs none. */
const SCRAPED = {
  "prometheus.io/scrape": "true",
  "prometheus.io/port": String(INTERNAL_PORT),
  "prometheus.io/path": "/metrics",
};

/** A Deployment for interchangeable replicas; a StatefulSet where each has a name, a number and perhaps storage. */
export function toWorkload(input: ServiceInput): Workload {
  const { topology, service, names, revision } = input;
  const labels = labelsOf(topology.app, names.label);
  const said = saidOf(input);
  const metadata = { name: names.base, labels, annotations: { [SERVICE]: service.name, [REVISION]: revision } };
  const template = {
    metadata: {
      labels: { ...said.labels, ...labels },
      annotations: {
        ...(service.image === null ? SCRAPED : {}),
        ...said.annotations,
        [SERVICE]: service.name,
        // Somebody else's image is not replaced because the code beside it changes.
        ...(service.image === null ? { [REVISION]: revision } : {}),
        ...(input.secretsVersion === undefined || service.secrets.length === 0
          ? {}
          : { [SECRETS]: input.secretsVersion }),
      },
    },
    spec: toPod(input),
  };
  const common = { replicas: service.replicas, revisionHistoryLimit: 3, selector: { matchLabels: labels }, template };
  if (!isStateful(service)) {
    return {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      // New before old, and never fewer than are declared.
      spec: { ...common, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } } },
    };
  }
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata,
    spec: {
      ...common,
      serviceName: names.pods,
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      ...toClaims(service, labels),
    },
  };
}

/** Voluntary disruptions, such as a node that is drained, take one replica after the other. */
export function toDisruptionBudget({ topology, service, names }: ServiceInput): readonly KubeObject[] {
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
