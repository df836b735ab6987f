import type { Clock, Log } from "@hadron/core";
import type { ConnectionFacts, Tls } from "../contract/facts.ts";

/** Where a database is, and as whom it is entered. */
export interface Entry extends ConnectionFacts {
  readonly host: string;
  readonly port: number;
  readonly tls: Tls;
}

/** The way of one process to a database. */
export interface DatabaseLink {
  readonly name: string;
  readonly clock: Clock;
  /** Who connects, as the server shows it in `pg_stat_activity`. */
  readonly who: string;
  /** Asks anew, each time: what was known before did not help. */
  enter(): Promise<Entry>;
  /** Connections that this replica may have: its part of what the server takes. */
  poolSize(maxConnections: number): number;
  /** The log of whoever runs; undefined outside of replicas. */
  log(): Log | undefined;
}
