import type { Clock } from "../clock/clock.ts";
import type { AnyService, Client, Service } from "../declare/types.ts";
import type { Topology } from "../describe/topology.ts";
import type { TestReplica } from "./test-replica.ts";

/** An app that runs in this process. Disposing of it ends every replica. */
export interface StartedApp extends AsyncDisposable {
  readonly topology: Topology;
  /** A typed client of one of its services. The service value itself will do where one app of the process has it. */
  client<A>(service: Service<A>): Client<A>;
  /** A client by name, e.g. of a leaf: `app.call("histogram-service.leaf", undefined, input)`. */
  call(service: string, procedure: string | undefined, input?: unknown): Promise<unknown>;
  /** One replica: by its service and number, or by its full name. WRONG_USE where there is none. */
  replica(service: AnyService | string, ordinal?: number): TestReplica;
  /** All replicas, or those of one service. */
  replicas(service?: AnyService | string): readonly TestReplica[];
  /** The app's time and chance. */
  readonly clock: Clock;
  /**
   * Moves virtual time, by whatever is due on the way: `"3d"`, `"90s"`, `"250ms"`, `"2h"`, `"5m"`, or milliseconds.
   * FAILED_PRECONDITION where time is the machine's; WRONG_USE where that is no duration.
   */
  advance(duration: number | string): Promise<void>;
  /** Why its replicas share one module; undefined where each has its own. */
  readonly sharedBecause: string | undefined;
  /** Drains all replicas, then ends them. */
  close(): Promise<void>;
}
