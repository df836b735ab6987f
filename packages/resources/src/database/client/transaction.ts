import { HadronError } from "@hadron/core/spi";
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

/** The name of how something is done once a transaction is committed. */
export const onCommit: unique symbol = Symbol.for("dev.hadron.on-commit") as never;

/** A transaction that is under way. */
export class Transaction {
  /** The name of its database. */
  readonly database: string;
  /** As of the database, within the transaction. */
  readonly sql: Sql;
  /** The connection, for other libraries; it belongs to the transaction, and has no use after it. */
  readonly client: Client;
  readonly #run: RunStatement;
  readonly #committed: (() => void)[] = [];
  #points = 0;
  #refusal: HadronError | undefined;

  constructor(database: string, client: Client, run: RunStatement) {
    this.database = database;
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

  /**
   * Says under which token this transaction works: that of a lock or an election. ABORTED, and nothing of the transaction is kept,
   * where a later holder has said its own here; a later holder that says so meanwhile waits for this transaction's end. Say it
   * first, in every transaction of every holder, and outside of savepoints. INVALID_INPUT where it is no token.
   *
   * @param token As a lock's `hold`, or `elected`, hands it to its work.
   * @param options `of`: what the token is of. Say it where several locks guard one database: the tokens of each are looked at
   * apart. @default the database
   * @example
   * await importing.hold(({ token }) => orders.transaction(async (tx) => { await tx.fence(token); await tx.sql`update …`; }));
   */
  async fence(token: number, { of = "" }: { readonly of?: string } = {}): Promise<void> {
    if (!Number.isSafeInteger(token) || token < 1) {
      throw new HadronError("INVALID_INPUT", `${token} is no token: take that of a lock's hold, or of an election.`);
    }
    // The row stays locked until the end: whoever is later has to wait for what this one writes, or is seen here.
    const { count } = await this.sql`insert into hadron.fence as known (name, token) values (${of}, ${token})
      on conflict (name) do update set token = excluded.token where known.token <= excluded.token`;
    if (count > 0) return;
    const what = of === "" ? "this database" : `"${of}"`;
    this.#refusal = new HadronError(
      "ABORTED",
      `The token ${token} is stale: a later holder has been at work on ${what}. Nothing of this transaction is kept.`,
    );
    throw this.#refusal;
  }

  /** Does something, which must not throw, once this is committed, or nobody knows whether it was. */
  [onCommit](then: () => void): void {
    this.#committed.push(then);
  }

  /** It may be committed by now. */
  over(): void {
    for (const then of this.#committed) then();
  }

  /** Throws where a fence has refused it, though whoever asked went on. */
  throwIfRefused(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
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
