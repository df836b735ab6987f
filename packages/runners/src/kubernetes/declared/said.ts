import type { KubernetesTopology, Program, ServiceTopology, Topology } from "@hadron/core/spi";
import { serviceOf } from "../objects/labels.ts";
import type { KubeObject } from "../objects/objects.ts";

/* What an app says of its objects on a cluster: `kubernetes: { … }` of it and of its services. */

/** What is said of one service: by itself, and by the app where it says nothing. */
export function saidOf({
  topology,
  service,
}: {
  readonly topology: Topology;
  readonly service: ServiceTopology;
}): KubernetesTopology {
  const [app, own] = [topology.kubernetes ?? {}, service.kubernetes ?? {}];
  const merged = (["labels", "annotations", "nodeSelector", "requests", "limits"] as const).flatMap((name) =>
    app[name] === undefined && own[name] === undefined ? [] : [[name, { ...app[name], ...own[name] }]],
  );
  const tolerations = [...(app.tolerations ?? []), ...(own.tolerations ?? [])];
  const ingress = { ...app.ingress, ...own.ingress };
  return {
    ...Object.fromEntries(merged),
    ...(tolerations.length === 0 ? {} : { tolerations }),
    ...(Object.keys(ingress).length === 0 ? {} : { ingress }),
  };
}

/** The app as it is on a cluster, where it says that there are more replicas of a service, or fewer. */
export function onCluster(program: Program): Program {
  const { topology } = program;
  const services = topology.services.map((service) => {
    const { replicas } = service.kubernetes ?? {};
    return replicas === undefined ? service : { ...service, replicas };
  });
  return { ...program, topology: { ...topology, services } };
}

/** An object with the labels and annotations that are said of it, where ours leave them room. */
export function withSaid<T extends KubeObject>(object: T, topology: Topology): T {
  const service = topology.services.find(({ name }) => name === serviceOf(object));
  const { labels, annotations } = service === undefined ? (topology.kubernetes ?? {}) : saidOf({ topology, service });
  if (labels === undefined && annotations === undefined) return object;
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...labels, ...metadata.labels },
      ...(annotations === undefined ? {} : { annotations: { ...annotations, ...metadata.annotations } }),
    },
  };
}
