/**
 * What every replica of our own code can be asked beside its procedures, by whoever does not come in from outside. No
 * service declares such a name.
 */
export interface BuiltIns {
  /** The OpenRPC document of its procedures, as `rpc.discover` tells it. */
  "hadron.discover"(): Promise<unknown>;
  /** How the replica that answers is. */
  "hadron.health"(): Promise<Health>;
  /** Its metrics in the Prometheus text format, as at `/metrics`. */
  "hadron.metrics"(): Promise<string>;
}

export interface Health {
  readonly service: string;
  /** The full name of the replica that answers, e.g. `shop.1`. */
  readonly replica: string;
  /** The revision of the app that it runs. */
  readonly revision: string;
  readonly state: "starting" | "ready" | "draining";
  /** Calls that it has taken and not answered yet. */
  readonly inFlight: number;
}

export const BUILT_INS: readonly string[] = [
  "hadron.discover",
  "hadron.health",
  "hadron.metrics",
] satisfies (keyof BuiltIns)[];
