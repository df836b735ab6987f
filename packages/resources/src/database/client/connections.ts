import { HadronError, isHadronError } from "@hadron/core/spi";
import type { Client, Pool, PoolClient } from "pg";
import { toSsl } from "../contract/facts.ts";
import { toSqlError } from "../contract/sql-error.ts";
import type { DatabaseLink, Entry } from "./link.ts";

/** A pooled connection lives so long at most: after a rotation none is left with the old password. */
const LIFETIME_S = 300;
const IDLE_MS = 30_000;
const CONNECT_MS = 10_000;
/** Between tries while the server is away. */
const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 1000;
/** Whoever waits longer has its deadline before. */
const PATIENCE_MS = 30_000;

/** The connections of one process to one database: opened as they are needed, again where the server was away. */
export class Connections {
  readonly #link: DatabaseLink;
  #entry: Entry;
  readonly pool: Pool;
  readonly #Client: typeof Client;
  /** Those that somebody has. */
  readonly #taken = new Set<Client>();

  private constructor(
    link: DatabaseLink,
    entry: Entry,
    pg: { readonly Client: typeof Client; readonly Pool: typeof Pool },
  ) {
    this.#link = link;
    this.#entry = entry;
    const toConfig = () => this.#config();
    this.#Client = pg.Client;
    class Connection extends pg.Client {
      constructor() {
        super(toConfig());
        // What breaks is told by the statement that is under way; without one, the pool replaces it.
        this.on("error", () => {});
      }
    }
    this.pool = new pg.Pool({
      Client: Connection,
      max: link.poolSize(entry.maxConnections),
      idleTimeoutMillis: IDLE_MS,
      maxLifetimeSeconds: LIFETIME_S,
      allowExitOnIdle: true,
    });
    // One that breaks while nobody uses it is replaced when somebody does.
    this.pool.on("error", () => {});
    this.pool.on("acquire", (client) => this.#taken.add(client));
    this.pool.on("release", (_, client) => this.#taken.delete(client));
  }

  /** Loads the driver, which is no part of those who have no database. */
  static async open(link: DatabaseLink): Promise<Connections> {
    const [entry, { default: pg }] = await Promise.all([link.enter(), link.clock.outside(import("pg"))]);
    return new Connections(link, entry, pg);
  }

  get database(): string {
    return this.#link.name;
  }

  /** Asks anew how the database is entered. */
  async enter(): Promise<Entry> {
    this.#entry = await this.#link.enter();
    return this.#entry;
  }

  /** A connection, to be given back. UNAVAILABLE where the server stays away. */
  take(): Promise<PoolClient> {
    return this.#reach(() => this.pool.connect());
  }

  /** A connection that belongs to no pool. Fails as {@link take} does. */
  open(): Promise<Client> {
    return this.#reach(async () => {
      const client = new this.#Client(this.#config());
      client.on("error", () => {});
      await client.connect();
      return client;
    });
  }

  /** While the server is away, or has another password, it is tried again: UNAVAILABLE at last, and nothing was sent. */
  async #reach<T>(connect: () => Promise<T>): Promise<T> {
    const { clock } = this.#link;
    const until = clock.now() + PATIENCE_MS;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      try {
        return await clock.outside(connect());
      } catch (error) {
        if (!mayPass(error)) throw toSqlError(error, this.database);
        if (clock.now() + waitMs > until) {
          const text = `database("${this.database}") cannot be reached: ${(error as Error).message}`;
          throw new HadronError("UNAVAILABLE", text, { cause: error, unsent: true });
        }
      }
      await new Promise<void>((resolve) => clock.after(waitMs, resolve));
      // It may be elsewhere now, or have another password.
      this.#entry = await this.#link.enter().catch((error: unknown) => {
        if (isHadronError(error) && error.retryable) return this.#entry;
        throw error;
      });
    }
  }

  /** Has the server end what a connection does. Where that cannot be said, it ends by itself. */
  async cancel(connection: Client): Promise<void> {
    const { processID } = connection as Client & { readonly processID?: number };
    const other = await this.open();
    try {
      // As who entered, not as the owner: whose statements they are is told by that.
      await other.query("set role none");
      await other.query("select pg_cancel_backend($1)", [processID]);
    } finally {
      await other.end();
    }
  }

  /** Those that are still taken are cut: whoever has them was killed, and the server must know, as it would of a dead process. */
  async close(): Promise<void> {
    for (const client of this.#taken) client.end().catch(() => {});
    await this.pool.end();
  }

  #config() {
    const { host, port, user, password, database, tls } = this.#entry;
    return {
      host,
      port,
      user,
      password,
      database,
      ssl: toSsl(tls),
      application_name: this.#link.who,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    };
  }
}

/** Whether what kept a connection from being made may be over soon: the server starts, is away, or has a new password. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  if (/^(57P|08|53300|28P01|28000)/.test(code)) return true;
  return (
    !("severity" in error) &&
    !isHadronError(error) &&
    error.message !== "Cannot use a pool after calling end on the pool"
  );
}
