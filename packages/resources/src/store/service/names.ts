/** Stores of our own: no resource's. */
const OWN = "hadron.";

/** What a store keeps for itself: the resources of the revision that last used it. */
export const DECLARED = { store: `${OWN}declared`, key: "resources" } as const;

/** Which resource a store of entries is of: its kind and name; undefined where it is ours. */
export function resourceOfStore(store: string): { readonly kind: string; readonly name: string } | undefined {
  if (store.startsWith(OWN)) return undefined;
  return store.startsWith("scoped/") ? { kind: "scoped", name: store.slice(7) } : { kind: "keyValue", name: store };
}

/** Which resource a queue is of: a topic has one for each service that subscribes; work of external functions is the durable programs'. */
export function resourceOfQueue(queue: string): { readonly kind: string; readonly name: string } {
  if (queue.startsWith("external/")) return { kind: "durable", name: "all" };
  const [, topic] = /^topic\/([^/]+)\//.exec(queue) ?? [];
  return topic === undefined ? { kind: "queue", name: queue } : { kind: "topic", name: topic };
}

/** The store in which a resource keeps its entries; undefined where it keeps none. */
export function storeOf({ kind, name }: { readonly kind: string; readonly name: string }): string | undefined {
  return kind === "keyValue" ? name : kind === "scoped" ? `scoped/${name}` : undefined;
}
