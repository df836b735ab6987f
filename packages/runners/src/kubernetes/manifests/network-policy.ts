import type { Topology } from "@hadron/core/spi";
import { labelsOf, METRICS, NAME, SERVICE } from "../objects/labels.ts";
import { appNames, type ServiceNames } from "../objects/names.ts";
import type { KubeObject } from "../objects/objects.ts";
import type { Selector } from "../objects/pod-spec.ts";

/**
 * Lets the app's own pods in everywhere but to what keeps resources, where only those are let in whose services use one of them, a Prometheus to the port that has the metrics, and others to what is exposed. Only
 * as good as the cluster's network enforces it.
 */
export function toPolicies(topology: Topology, names: ReadonlyMap<string, ServiceNames>): readonly KubeObject[] {
  const labels = labelsOf(topology.app);
  const keepers = keepersOf(topology).flatMap((keeper) => {
    const found = names.get(keeper);
    return found === undefined ? [] : [{ keeper, ...found }];
  });
  const metrics = {
    from: [{ namespaceSelector: { matchLabels: { [METRICS]: "true" } } }],
    ports: [{ port: "hadron", protocol: "TCP" as const }],
  };
  const own: KubeObject = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: appNames(topology.app).policy, labels },
    spec: {
      podSelector: {
        matchLabels: labels,
        // Policies add up: who is let in by this one is let in.
        ...(keepers.length === 0
          ? {}
          : { matchExpressions: [{ key: NAME, operator: "NotIn", values: keepers.map(({ label }) => label) }] }),
      },
      policyTypes: ["Ingress"],
      ingress: [{ from: [{ podSelector: { matchLabels: labels } }] }, metrics],
    },
  };
  const kept = keepers.map(({ keeper, base, label }): KubeObject => {
    const values = usersOf(topology, keeper).flatMap((user) => names.get(user)?.label ?? []);
    const users: Selector = { matchLabels: labels, matchExpressions: [{ key: NAME, operator: "In", values }] };
    return {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: `${base}-users`, labels: labelsOf(topology.app, label), annotations: { [SERVICE]: keeper } },
      spec: {
        podSelector: { matchLabels: labelsOf(topology.app, label) },
        policyTypes: ["Ingress"],
        ingress: [...(values.length === 0 ? [] : [{ from: [{ podSelector: users }] }]), metrics],
      },
    };
  });
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
  return [own, ...kept, ...open];
}

/** The services that keep resources. */
function keepersOf({ resources = [] }: Topology): readonly string[] {
  return [...new Set(resources.map(({ keeper }) => keeper))];
}

/** The services that use what a service keeps, or the service itself. */
function usersOf({ services, resources = [] }: Topology, keeper: string): readonly string[] {
  const kept = resources.filter((resource) => resource.keeper === keeper);
  const isShared = kept.some(({ shared }) => shared === true);
  const keys = new Set([keeper, ...kept.map(({ kind, name }) => `${kind}:${name}`)]);
  const isUser = ({ name, uses = [], image }: Topology["services"][number]) =>
    name !== keeper && image === null && (isShared || uses.some((used) => keys.has(used)));
  return services.filter(isUser).map(({ name }) => name);
}
