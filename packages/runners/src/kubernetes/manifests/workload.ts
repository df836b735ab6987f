import { INTERNAL_PORT } from "../../replica/layout.ts";
import { labelsOf, REVISION, SERVICE } from "../objects/labels.ts";
import type { KubeObject } from "../objects/objects.ts";
import { SECRETS } from "../rollout/secrets.ts";
import type { ServiceInput } from "./index.ts";
import { toPod } from "./pod.ts";
import { toBytes } from "./quantity.ts";

/** What a Prometheus that goes by annotations reads; one that goes by a PodMonitor needs none. */
const SCRAPED = {
  "prometheus.io/scrape": "true",
  "prometheus.io/port": String(INTERNAL_PORT),
  "prometheus.io/path": "/metrics",
};

/** A Deployment for interchangeable replicas; a StatefulSet where each has an index, a name and perhaps storage. */
export function toWorkload(input: ServiceInput): KubeObject {
  const { topology, service, names, revision } = input;
  const labels = labelsOf(topology.app, names.label);
  const metadata = { name: names.base, labels, annotations: { [SERVICE]: service.name, [REVISION]: revision } };
  const template = {
    metadata: {
      labels,
      annotations: {
        [SERVICE]: service.name,
        [REVISION]: revision,
        ...(service.image === null ? SCRAPED : {}),
        ...(input.secretsVersion === undefined || service.secrets.length === 0
          ? {}
          : { [SECRETS]: input.secretsVersion }),
      },
    },
    spec: toPod(input),
  };
  const common = { replicas: service.replicas, revisionHistoryLimit: 3, selector: { matchLabels: labels }, template };
  if (!service.sharded) {
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
      ...(service.storage === null ? {} : withClaims(service.storage.sizeBytes, labels)),
    },
  };
}

/** Storage outlives the replica, and a replica that was scaled away; only `delete` removes it. */
function withClaims(sizeBytes: number, labels: Readonly<Record<string, string>>) {
  return {
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    volumeClaimTemplates: [
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "data", labels },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: toBytes(sizeBytes) } } },
      },
    ],
  };
}
