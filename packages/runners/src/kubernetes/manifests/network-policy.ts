import type { Topology } from "@hadron/core/spi";
import { labelsOf, METRICS, SERVICE } from "../objects/labels.ts";
import { appNames, type ServiceNames } from "../objects/names.ts";
import type { KubeObject } from "../objects/objects.ts";

/**
 * Lets the app's own pods in everywhere, a Prometheus to the port that has the metrics, and others to what is exposed. Only
 * as good as the cluster's network enforces it.
 */
export function toPolicies(topology: Topology, names: ReadonlyMap<string, ServiceNames>): readonly KubeObject[] {
  const labels = labelsOf(topology.app);
  const own: KubeObject = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: appNames(topology.app).policy, labels },
    spec: {
      podSelector: { matchLabels: labels },
      policyTypes: ["Ingress"],
      ingress: [
        { from: [{ podSelector: { matchLabels: labels } }] },
        {
          from: [{ namespaceSelector: { matchLabels: { [METRICS]: "true" } } }],
          ports: [{ port: "hadron", protocol: "TCP" }],
        },
      ],
    },
  };
  const open = topology.services.flatMap((service): readonly KubeObject[] => {
    const found = names.get(service.name);
    const port = service.image === null ? "http" : Object.keys(service.image.ports)[0];
    if (service.exposed === null || found === undefined || port === undefined) return [];
    const own = labelsOf(topology.app, found.label);
    return [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: `${found.base}-exposed`, labels: own, annotations: { [SERVICE]: service.name } },
        spec: {
          podSelector: { matchLabels: own },
          policyTypes: ["Ingress"],
          ingress: [{ ports: [{ port, protocol: "TCP" }] }],
        },
      },
    ];
  });
  return [own, ...open];
}
