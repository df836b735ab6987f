import type { KubernetesTopology, ServiceTopology, Topology } from "@hadron/core/spi";
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
  return { ...Object.fromEntries(merged), ...(tolerations.length === 0 ? {} : { tolerations }) };
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
