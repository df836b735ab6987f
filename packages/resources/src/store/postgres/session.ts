import type { Client } from "pg";

/**
 * What a commit stands on: it is on disk when it is answered, and its plans use the indexes whatever the tables held when they were made.
 */
const SETTINGS = `
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off';
  set enable_seqscan = off; set enable_bitmapscan = off; set plan_cache_mode = force_generic_plan;
  set idle_in_transaction_session_timeout = 0; set statement_timeout = 0`;

/** One connection, made anew where it broke. Statements go over it one after the other. */
export class StoreSession {
  /** Statements without an answer yet. */
  waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  readonly #connect: () => Promise<Client>;
  #client: Promise<Client> | undefined;

  constructor(connect: () => Promise<Client>) {
    this.#connect = connect;
  }

  /** Runs a statement that is prepared once, by its name. Rejects as the driver does. */
  async rows<Row>(name: string, text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    this.waiting++;
    const rows = this.#last.then(() => this.#rows<Row>(name, text, values));
    this.#last = rows.catch(() => {});
    try {
      return await rows;
    } finally {
      this.waiting--;
    }
  }

  async #rows<Row>(name: string, text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    this.#client ??= this.#open();
    const client = this.#client;
    try {
      const { rows } = await (await client).query({ name, text, values: [...values], types: { getTypeParser } });
      return rows;
    } catch (error) {
      // One that the server answered is as good as before.
      if (!(error instanceof Error && "severity" in error && error.severity === "ERROR")) {
        if (this.#client === client) this.#client = undefined;
        void client.then((broken) => broken.end()).catch(() => {});
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async #open(): Promise<Client> {
    const client = await this.#connect();
    client.on("error", () => {});
    await client.query(SETTINGS);
    return client;
  }
}

const INT8 = 20;
const INT4 = 23;
const FLOAT8 = 701;
const BYTEA = 17;

/** Numbers as numbers: none of ours is above 2^53. Bytes as bytes, all else as text. */
function getTypeParser(type: number): (text: string) => unknown {
  if (type === INT8 || type === INT4 || type === FLOAT8) return Number;
  if (type === BYTEA) return (text) => new Uint8Array(Buffer.from(text.slice(2), "hex"));
  return (text) => text;
}
