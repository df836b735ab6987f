import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { EmbeddedServer } from "../../src/database/embedded/server.ts";

/** A server for a test file. It can be killed, and started again. */
export class TestPostgres {
  readonly #folder = mkdtempSync(join(tmpdir(), "hadron-store-pg-"));
  #server: EmbeddedServer | undefined;
  #databases = 0;

  get server(): EmbeddedServer {
    if (this.#server === undefined) throw new Error("the server does not run");
    return this.#server;
  }

  get folder(): string {
    return this.#folder;
  }

  async start(): Promise<void> {
    this.#server = await EmbeddedServer.start({ folder: join(this.#folder, "data"), warn: () => {} });
  }

  async kill(): Promise<void> {
    const server = this.server;
    this.#server = undefined;
    await server.kill();
  }

  /** A new database; gives what connects to it, wherever the server is then. */
  async database(): Promise<() => Promise<pg.Client>> {
    const name = `store_${++this.#databases}`;
    const admin = await this.#connect("postgres");
    await admin.query(`create database ${name}`);
    await admin.end();
    return () => this.#connect(name);
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    rmSync(this.#folder, { recursive: true });
  }

  async #connect(database: string): Promise<pg.Client> {
    const { host, port } = this.server;
    const client = new pg.Client({ host, port, user: "postgres", database });
    client.on("error", () => {});
    await client.connect();
    return client;
  }
}
