import type { ServiceTopology } from "@hadron/core/spi";

/** What an ingress is told, as JSON in the environment variable `INGRESS`. */
export interface IngressSettings {
  readonly app: string;
  readonly service: string;
  /** The port on which outside callers come. */
  readonly listen: number;
  /** The replicas' port, and whether it takes our calls or any bytes. */
  readonly target: { readonly calls: number } | { readonly bytes: number };
  readonly limits: ServiceTopology["limits"];
}
