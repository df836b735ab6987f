import type { Topology } from "@hadron/core/spi";
import { labelsOf, SERVICE } from "../objects/labels.ts";
import { appNames, type ServiceNames } from "../objects/names.ts";
import type { KubeObject } from "../objects/objects.ts";

/** Lets the app's own pods in everywhere, and others to what is exposed. Only as good as the cluster's network enforces it. */
export function toPolicies(topology: Topology, names: ReadonlyMap<string, ServiceNames>): readonly KubeObject[] {
  const labels = labelsOf(topology.app);
  const own: KubeObject = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: appNames(topology.app).policy, labels },
    spec: {
      podSelector: { matchLabels: labels },
      policyTypes: ["Ingress"],
      ingress: [{ from: [{ podSelector: { matchLabels: labels } }] }],
    },
  };
  const open = topology.services
    .filter((service) => service.exposed !== null && service.image === null)
    .map((service): KubeObject => {
      const { base, label } = names.get(service.name)!;
      const own = labelsOf(topology.app, label);
      return {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: `${base}-exposed`, labels: own, annotations: { [SERVICE]: service.name } },
        spec: {
          podSelector: { matchLabels: own },
          policyTypes: ["Ingress"],
          ingress: [{ ports: [{ port: "http", protocol: "TCP" }] }],
        },
      };
    });
  return [own, ...open];
}
