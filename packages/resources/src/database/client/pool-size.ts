import { HadronError } from "@hadron/core/spi";

/** Connections that are left to the server itself, to its keeper, and to people. */
const RESERVED = 20;
/** One replica is given no more: more at once makes a server slower. */
const MOST = 10;

/**
 * The part of a server's connections that one replica may have. FAILED_PRECONDITION where that is less than one.
 *
 * @param sharers How many replicas share the server.
 */
export function toPoolSize(name: string, maxConnections: number, sharers: number): number {
  const share = Math.floor((maxConnections - RESERVED) / Math.max(1, sharers));
  if (share >= 1) return Math.min(MOST, share);
  throw new HadronError(
    "FAILED_PRECONDITION",
    `database("${name}"): the server takes ${maxConnections} connections, of which ${RESERVED} are reserved, and ${sharers} replicas share the rest: ` +
      "raise its max_connections, or let fewer replicas use it.",
  );
}
