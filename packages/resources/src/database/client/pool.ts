import { EventEmitter } from "node:events";
import type { Pool, PoolClient } from "pg";

/**
 * The pool of a database, for libraries that take a `pg.Pool`, such as Kysely and Drizzle. It can be handed over where the
 * app is declared: it is looked for when it is used, by whichever replica does. Its end is the replica's.
 */
export class DatabasePool extends EventEmitter {
  readonly #poolOf: () => Promise<Pool>;

  constructor(poolOf: () => Promise<Pool>) {
    super();
    this.#poolOf = poolOf;
  }

  /** Takes a connection, to be released. */
  async connect(): Promise<PoolClient> {
    return (await this.#poolOf()).connect();
  }

  /** Runs a statement, as `pg` does. */
  async query(...words: Parameters<Pool["query"]>): Promise<unknown> {
    return (await this.#poolOf()).query(...words);
  }

  /** Does nothing: the pool is the replica's. */
  async end(): Promise<void> {}
}
