import type { CallRecord } from "../observe/call-recorder.ts";

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
  /**
   * The calls that have left and come to the replica that answers, since it was asked before. Asking begins the recording, for
   * `forMs`, and keeps it going: a replica that nobody asks records nothing.
   */
  "hadron.trace"(options?: TraceOptions): Promise<Trace>;
}

/** What `hadron.trace` is asked for. */
export interface TraceOptions {
  /** So long it goes on recording, unless it is asked again; 0 ends that. At most an hour. @default 60 000 */
  readonly forMs?: number;
}

/** What a replica recorded of its calls: what `hadron.trace` answers. */
export interface Trace {
  /** The full name of the replica that answers. */
  readonly replica: string;
  /** Now, on the clock of the records, and in milliseconds since 1970-01-01 UTC: so records of several replicas are put side by side. */
  readonly now: number;
  readonly wallNow: number;
  /** Calls that have ended, oldest first: of the last 4096 that began. */
  readonly records: readonly CallRecord[];
}

/** How a replica is: what `hadron.health` answers. */
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
  "hadron.trace",
] satisfies (keyof BuiltIns)[];
