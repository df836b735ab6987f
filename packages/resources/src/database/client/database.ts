import { type Effects, effects, HadronError, isHadronError, withinCall } from "@hadron/core/spi";
import type { Pool, PoolClient } from "pg";
import { createSql, type Rows, type Sql, type SqlName, type Statement } from "../contract/sql.ts";
import { isSqlError, toSqlError } from "../contract/sql-error.ts";
import { Connections } from "./connections.ts";
import { DatabaseEffects } from "./database-effects.ts";
import type { DatabaseLink } from "./link.ts";
import { Listening } from "./listening.ts";
import { DatabasePool } from "./pool.ts";
import { StatementRunner } from "./runner.ts";
import { insertWith, Transaction, type TransactionOptions, toBegin } from "./transaction.ts";

/** States of a transaction that failed only for what others did meanwhile. */
const TRY_AGAIN = ["40001", "40P01"];
/** Before a transaction is tried again, at most: doubled each time, with jitter. */
const FIRST_BACKOFF_MS = 5;

/** What one process has of a database. */
export class OpenDatabase {
  readonly connections: Connections;
  readonly runner: StatementRunner;
  readonly link: DatabaseLink;

  private constructor(connections: Connections, link: DatabaseLink, slowMs: number) {
    this.connections = connections;
    this.link = link;
    this.runner = new StatementRunner(connections, link, slowMs);
  }

  static async open(link: DatabaseLink, slowMs: number): Promise<OpenDatabase> {
    return new OpenDatabase(await Connections.open(link), link, slowMs);
  }

  close(): Promise<void> {
    return this.connections.close();
  }
}

/** A database, as those who use it see it. */
export class DatabaseClient {
  /** Sends statements: see {@link Sql}. What fails keeps its SQLSTATE: see {@link SqlError}. */
  readonly sql: Sql;
  /** The connections, for other libraries: Kysely, Drizzle and others take a `pg.Pool`. */
  readonly pool: Pool;
  /** For `consume(queue, handler, { tx })`. */
  readonly [effects]: Effects<Transaction> = new DatabaseEffects(this);
  readonly #openOf: () => Promise<OpenDatabase>;

  constructor(openOf: () => Promise<OpenDatabase>) {
    this.#openOf = openOf;
    this.sql = createSql((statement) => this.#run(statement));
    // What libraries use of a pool: to take a connection, and to ask.
    this.pool = new DatabasePool(async () => (await openOf()).connections) as unknown as Pool;
  }

  /**
   * Writes a row, or several in one statement, and gives them as they are there. What a row leaves out has its default.
   *
   * @example
   * const [line] = await orders.insert<{ id: number }>("line", { order: 7, sku: "a" });
   */
  async insert<Row extends object = Record<string, any>>(
    table: string | SqlName,
    rows: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[],
  ): Promise<Rows<Row>> {
    return insertWith((statement) => this.#run(statement), table, rows);
  }

  /**
   * Does some work in a transaction: all of it is kept, or, where it throws, nothing. UNAVAILABLE where the connection broke
   * as it was committed: whether it was is unknown.
   *
   * @example
   * await orders.transaction(async (tx) => { await tx.sql`update …`; }, { isolation: "serializable", retries: 5 });
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const { retries = 0 } = options;
    const open = await this.#openOf();
    const { clock } = open.link;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempt(open, work, options);
      } catch (error) {
        if (attempt >= retries || !isSqlError(error) || !TRY_AGAIN.includes(error.sqlState)) throw error;
        const waitMs = FIRST_BACKOFF_MS * 2 ** attempt * clock.random();
        await withinCall(new Promise<void>((resolve) => clock.after(waitMs, resolve)));
      }
    }
  }

  /**
   * What is said on a channel (`notify`, or `select pg_notify(…)`) from now on, until the loop is left. Words that were said
   * while the connection was away are lost, as Postgres has it: the loop ends then with UNAVAILABLE.
   *
   * @example
   * for await (const word of orders.listen("placed")) …
   */
  async *listen(channel: string): AsyncGenerator<string> {
    const open = await this.#openOf();
    const listening = await Listening.open(open.connections, channel);
    try {
      yield* listening;
    } finally {
      await listening.close();
    }
  }

  /** Where it is, for other tools: a URL with its password. Not for logs. */
  async url(): Promise<string> {
    const { host, port, user, password, database, tls } = await (await this.#openOf()).connections.enter();
    const isSocket = host.startsWith("/");
    const url = new URL(`postgresql://${isSocket ? "localhost" : host.includes(":") ? `[${host}]` : host}:${port}`);
    url.username = encodeURIComponent(user);
    url.password = encodeURIComponent(password);
    url.pathname = `/${encodeURIComponent(database)}`;
    if (isSocket) url.searchParams.set("host", host);
    if (tls !== "off") url.searchParams.set("sslmode", tls === "verified" ? "verify-full" : "require");
    return url.href;
  }

  async #run(statement: Statement): Promise<Rows<any>> {
    const open = await withinCall(this.#openOf());
    const connection = await this.#take(open);
    let broken = false;
    try {
      return await open.runner.run(connection, statement);
    } catch (error) {
      broken = !isSqlError(error) && isHadronError(error) && error.code === "UNAVAILABLE";
      throw error;
    } finally {
      connection.release(broken);
    }
  }

  async #attempt<T>(
    open: OpenDatabase,
    work: (tx: Transaction) => Promise<T>,
    options: TransactionOptions,
  ): Promise<T> {
    const connection = await this.#take(open);
    const { database } = open.connections;
    let isOver = false;
    const run = async (statement: Statement) => {
      if (!isOver) return open.runner.run(connection, statement);
      const text = `database("${database}"): the transaction is over, and this statement came after it: await all that is done in it.`;
      throw new HadronError("FAILED_PRECONDITION", text);
    };
    let done = false;
    try {
      await run({ text: toBegin(options), values: [] });
      const transaction = new Transaction(database, connection, run);
      const result = await work(transaction);
      transaction.throwIfRefused();
      isOver = true;
      await this.#commit(open, connection).finally(() => transaction.over());
      done = true;
      return result;
    } finally {
      isOver = true;
      // One that cannot even be rolled back is closed: then the server does it.
      if (!done) done = await this.#rollback(connection);
      connection.release(!done);
    }
  }

  async #commit({ connections, link }: OpenDatabase, connection: PoolClient): Promise<void> {
    try {
      const { command } = await link.clock.outside(connection.query("commit"));
      // A statement had failed and was caught: Postgres keeps nothing of such a transaction, and says so in passing.
      if (command === "ROLLBACK") {
        const text = `database("${connections.database}"): a statement of the transaction had failed, so nothing of it is kept: let its error pass, or give that part a savepoint.`;
        throw new HadronError("FAILED_PRECONDITION", text);
      }
    } catch (error) {
      throw toSqlError(error, connections.database);
    }
  }

  async #rollback(connection: PoolClient): Promise<boolean> {
    return connection.query("rollback").then(
      () => true,
      () => false,
    );
  }

  async #take({ connections }: OpenDatabase): Promise<PoolClient> {
    const taken = connections.take();
    try {
      return await withinCall(taken);
    } catch (error) {
      // It comes later, and nobody waits for it any more.
      taken.then(
        (connection) => connection.release(),
        () => {},
      );
      throw error;
    }
  }
}
