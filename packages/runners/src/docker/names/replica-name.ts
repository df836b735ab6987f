import { replicaName } from "@hadron/core/spi";

/** The name of the replica in a container, whatever the container is called just now. */
export function replicaOf({ service, ordinal }: { readonly service: string; readonly ordinal: number }): string {
  return ordinal < 0 ? `${service}.ingress` : replicaName(service, ordinal);
}
