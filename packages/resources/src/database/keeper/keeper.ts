import type { Clock, Log } from "@hadron/core";
import { HadronError, type Kept, unlessAborted } from "@hadron/core/spi";
import type { Client, ClientConfig } from "pg";
import type { ConnectionFacts, FactsRequest } from "../contract/facts.ts";
import { SqlName } from "../contract/sql.ts";
import type { Migration } from "../migrations/declared.ts";
import { migrate } from "../migrations/migrate.ts";
import { claimDatabase } from "./claim-database.ts";
import type { Access, Server } from "./server.ts";

/** Between tries while the server does not take connections yet. */
const CONNECT_AGAIN_MS = 100;
/** Between looks while another deployment applies what is waited for. */
const LOOK_AGAIN_MS = 250;

/** Where `hadron.store` keeps all, with `--store=postgres`. */
const STORE_DATABASE = "hadron.store";

export interface KeeperOptions {
  readonly server: Server;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What is known of a database. */
interface KnownDatabase {
  access: Access;
  applied: ReadonlyMap<string, string>;
}

/** A password that was made anew. */
export interface Rotated {
  readonly version: number;
  /** Connections that came in with an earlier one. */
  readonly left: number;
}

/** Makes the databases of an app, brings their schemas up to date, and tells who asks how to enter them. */
export class DatabaseKeeper {
  readonly #options: KeeperOptions;
  readonly #databases = new Map<string, KnownDatabase>();
  #maxConnections = 0;
  /** One after the other. */
  #rotating: Promise<unknown> = Promise.resolve();
  #store: Promise<KnownDatabase> | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Resolves when each database has the schema that is declared. Rejects as {@link migrate} does. */
  async prepare(keeps: readonly Kept[]): Promise<void> {
    const { server } = this.#options;
    const admin = await this.#connect(server.maintenance);
    try {
      const { rows } = await admin.query<{ most: number }>("select current_setting('max_connections')::int as most");
      this.#maxConnections = rows[0]?.most ?? 0;
      for (const { name, keeping } of keeps) {
        const access = await this.#make(admin, name);
        const applied = await this.#migrate(name, access, keeping as readonly Migration[]);
        this.#databases.set(name, { access, applied });
      }
    } finally {
      await admin.end();
    }
  }

  /** Answers when the schema is there that the asker declares. UNAVAILABLE where it is not in time. */
  async facts({ name, migrations }: FactsRequest, signal: AbortSignal): Promise<ConnectionFacts> {
    const known = name === STORE_DATABASE ? await this.#ensureStore() : this.#databases.get(name);
    if (known === undefined) {
      throw new HadronError("NOT_FOUND", `This deployment keeps no database("${name}").`);
    }
    const lacks = () => migrations.find((migration) => known.applied.get(migration.name) !== migration.sha256);
    for (let lack = lacks(); lack !== undefined; lack = lacks()) {
      if (signal.aborted) {
        throw new HadronError("UNAVAILABLE", `database("${name}") does not have the migration ${lack.name} yet.`);
      }
      await new Promise<void>((resolve) => this.#options.clock.after(LOOK_AGAIN_MS, resolve));
      known.applied = await this.#migrate(name, known.access, []);
    }
    const { owner: _, ...access } = known.access;
    return { ...access, maxConnections: this.#maxConnections };
  }

  /**
   * Makes a new password for a database: whoever connects from now on has it, and connections that are open go on. Gives its number,
   * and how many connections are left that came in with an earlier one. FAILED_PRECONDITION where the server is not the app's own.
   */
  rotate(name: string): Promise<Rotated> {
    const rotated = this.#rotating.then(() => this.#rotate(name));
    this.#rotating = rotated.catch(() => {});
    return rotated;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** A connection to one of its databases, of the server's first user. NOT_FOUND where it keeps none of this name. */
  enter(name: string): Promise<Client> {
    const known = this.#databases.get(name);
    if (known === undefined) throw new HadronError("NOT_FOUND", `This deployment keeps no database("${name}").`);
    return this.#connect(known.access.database);
  }

  /** Does something at the server's database for people who have none. */
  async asAdmin<T>(work: (admin: Client, server: Server) => Promise<T>): Promise<T> {
    const { server, clock } = this.#options;
    const admin = await this.#connect(server.maintenance);
    try {
      return await clock.outside(work(admin, server));
    } finally {
      await admin.end();
    }
  }

  async #rotate(name: string): Promise<Rotated> {
    const known = this.#databases.get(name);
    if (known === undefined) throw new HadronError("NOT_FOUND", `This deployment keeps no database("${name}").`);
    return this.asAdmin(async (admin, server) => {
      known.access = await server.rotate(admin, name);
      const { version } = known.access;
      return { version, left: await server.endEarlier(admin, name, version) };
    });
  }

  /** The database of a store that keeps all in one: made when it is asked for. Its tables are the store's own business. */
  #ensureStore(): Promise<KnownDatabase> {
    this.#store ??= this.#ensure(STORE_DATABASE).catch((error: unknown) => {
      this.#store = undefined;
      throw error;
    });
    return this.#store;
  }

  async #ensure(name: string): Promise<KnownDatabase> {
    return this.asAdmin(async (admin) => ({ access: await this.#make(admin, name), applied: new Map() }));
  }

  /** Makes a database where there is none. FAILED_PRECONDITION where it is there, and another deployment's. */
  async #make(admin: Client, name: string): Promise<Access> {
    const { server, clock } = this.#options;
    const access = await clock.outside(server.ensure(admin, name));
    if (server.deployment === undefined) return access;
    const client = await this.#connect(access.database);
    try {
      await clock.outside(claimDatabase(client, `The database "${access.database}"`, server.deployment));
    } finally {
      await client.end();
    }
    return access;
  }

  async #migrate(
    name: string,
    { database, owner }: Access,
    migrations: readonly Migration[],
  ): Promise<ReadonlyMap<string, string>> {
    const { clock, signal, log } = this.#options;
    const client = await this.#connect(database);
    try {
      if (owner !== undefined) await client.query(`set role ${new SqlName([owner]).text}`);
      return await migrate(migrations, {
        of: `database("${name}")`,
        client,
        clock,
        signal,
        tell: (migration) =>
          log.info(`database("${name}"): applying ${migration}`, { event: "migration", database: name, migration }),
      });
    } finally {
      await client.end();
    }
  }

  /** A connection of the server's first user. A server that starts is waited for, as long as this replica may start. */
  async #connect(database: string): Promise<Client> {
    const { server, clock, signal } = this.#options;
    const { default: pg } = await clock.outside(import("pg"));
    for (;;) {
      signal.throwIfAborted();
      const known = await unlessAborted(server.config(), signal);
      const config: ClientConfig = { ...known, database, application_name: "hadron.database" };
      const client = new pg.Client(config);
      client.on("error", () => {});
      try {
        await clock.outside(client.connect());
        return client;
      } catch (error) {
        if (
          signal.aborted ||
          ("severity" in (error as Error) && !/^57P/.test(String((error as { code?: unknown }).code)))
        )
          throw error;
      }
      await new Promise<void>((resolve) => clock.after(CONNECT_AGAIN_MS, resolve));
    }
  }
}
