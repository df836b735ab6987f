import type { Client } from "pg";
import { createSql, type Rows, type RunStatement, type Sql, type SqlName, toInsert } from "../contract/sql.ts";

/** How a transaction runs. */
export interface TransactionOptions {
  /** What it sees of others. @default "read committed" */
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
  /** It only reads. @default false */
  readonly readOnly?: boolean;
  /**
   * How often it is tried again from its beginning where it failed only for what others did meanwhile: a serialization failure
   * (SQLSTATE 40001), a deadlock (40P01). Its function should then do nothing else. @default 0
   */
  readonly retries?: number;
}

/** A transaction that is under way. */
export class Transaction {
  /** As of the database, within the transaction. */
  readonly sql: Sql;
  /** The connection, for other libraries; it belongs to the transaction, and has no use after it. */
  readonly client: Client;
  readonly #run: RunStatement;
  #points = 0;

  constructor(client: Client, run: RunStatement) {
    this.client = client;
    this.#run = run;
    this.sql = createSql(run);
  }

  /** As of the database, within the transaction. */
  async insert<Row extends object = Record<string, any>>(
    table: string | SqlName,
    rows: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[],
  ): Promise<Rows<Row>> {
    return insertWith(this.#run, table, rows);
  }

  /** Does some work that is undone alone where it throws: what the transaction did before stays. */
  async savepoint<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const name = `hadron_${++this.#points}`;
    await this.#run({ text: `savepoint ${name}`, values: [] });
    let result: T;
    try {
      result = await work(this);
    } catch (error) {
      await this.#run({ text: `rollback to savepoint ${name}`, values: [] });
      throw error;
    }
    await this.#run({ text: `release savepoint ${name}`, values: [] });
    return result;
  }
}

/** Writes rows; none are none. */
export async function insertWith(
  run: RunStatement,
  table: string | SqlName,
  rows: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[],
): Promise<Rows<any>> {
  const list = isRows(rows) ? rows : [rows];
  return list.length === 0 ? Object.assign([], { count: 0 }) : run(toInsert(table, list));
}

function isRows(
  rows: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[],
): rows is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(rows);
}

/** The statement that begins it. */
export function toBegin({ isolation, readOnly }: TransactionOptions): string {
  return [
    "begin",
    ...(isolation === undefined ? [] : ["isolation level", isolation]),
    ...(readOnly === true ? ["read only"] : []),
  ].join(" ");
}
