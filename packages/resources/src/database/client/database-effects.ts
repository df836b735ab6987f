import type { Effects, WorkKey } from "@hadron/core/spi";
import { putIntoInbox, readInbox, removeFromInbox } from "../contract/inbox.ts";
import type { Sql } from "../contract/sql.ts";
import type { Transaction } from "./transaction.ts";

/** What of a database keeps effects. */
export interface Transacting {
  readonly sql: Sql;
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** Keeps effects of work in a database, and of which work they are in the same transaction. */
export class DatabaseEffects implements Effects<Transaction> {
  readonly #database: Transacting;

  constructor(database: Transacting) {
    this.#database = database;
  }

  async once(key: WorkKey, mostMs: number, work: (tx: Transaction) => Promise<unknown>): Promise<void> {
    await this.#database.transaction(async (tx) => {
      if (await putIntoInbox(tx.sql, key, mostMs)) await work(tx);
    });
  }

  known(source: string, page: { readonly after: number; readonly most: number }): Promise<readonly WorkKey[]> {
    return readInbox(this.#database.sql, source, page);
  }

  forget(keys: readonly WorkKey[]): Promise<void> {
    return removeFromInbox(this.#database.sql, keys);
  }
}
