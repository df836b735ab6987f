import { EventEmitter } from "node:events";
import type { Pool, PoolClient } from "pg";
import type { Connections } from "./connections.ts";

/**
 * The pool of a database, for libraries that take a `pg.Pool`, such as Kysely and Drizzle. It can be handed over where the
 * app is declared: it is looked for when it is used, by whichever replica does. Its end is the replica's.
 */
export class DatabasePool extends EventEmitter {
  readonly #connectionsOf: () => Promise<Connections>;

  constructor(connectionsOf: () => Promise<Connections>) {
    super();
    this.#connectionsOf = connectionsOf;
  }

  /** Takes a connection, to be released. */
  async connect(): Promise<PoolClient> {
    return (await this.#connectionsOf()).take();
  }

  /** Runs a statement, as `pg` does. */
  async query(...words: Parameters<Pool["query"]>): Promise<unknown> {
    const connections = await this.#connectionsOf();
    // The one that it gets: made anew where the server was away, or had another password.
    (await connections.take()).release();
    return connections.pool.query(...words);
  }

  /** Does nothing: the pool is the replica's. */
  async end(): Promise<void> {}
}
