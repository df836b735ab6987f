import { HadronError, isHadronError } from "@hadron/core/spi";
import type { Client } from "pg";
import type { Batch, StoreDriver } from "../contract/driver.ts";
import type { Answers, Outcome, Query } from "../contract/operations.ts";
import { StoreClock, type TimeSource } from "../contract/store-clock.ts";
import { fromCommitForm, toCommitForm } from "./commit-form.ts";
import { copyFrom, copyTo } from "./copy.ts";
import { PostgresReader } from "./reader.ts";
import { migrateStore } from "./schema.ts";
import { StoreSession } from "./session.ts";

/** A server that is away is asked again, so long: whoever waits has a deadline before. */
const AGAIN_MS = 60_000;
const WAIT_MS = 50;
/** What others who serve the same database did is looked for so often. */
const POLL_MS = 1000;
/** Connections that read. */
const READERS = 2;

export interface PostgresOptions {
  /** Opens a connection to the store's own database, whenever one is needed. */
  readonly connect: () => Promise<Client>;
  readonly time: TimeSource;
  /** Whose clock says what time it is when the store starts: the server's, so that all who serve one database agree. @default "server" */
  readonly clock?: "server" | "own";
}

/**
 * A store in a database of PostgreSQL. It keeps nothing itself: any number may serve one database, one commit at a time is at work in it,
 * and each sees what all before did.
 */
export class PostgresDriver implements StoreDriver {
  readonly pollMs = POLL_MS;
  readonly #time: TimeSource;
  readonly #writing: StoreSession;
  readonly #reading: readonly StoreSession[];
  readonly #connect: () => Promise<Client>;
  readonly #reader: PostgresReader;
  readonly #clock: StoreClock;
  #aheadMs = 0;
  #gets: GetGroup | undefined;
  #isGetting = false;
  #isClosed = false;

  /** Opens a store, and makes its tables. FAILED_PRECONDITION where a newer version made them. */
  static async open({ connect, time, clock = "server" }: PostgresOptions): Promise<PostgresDriver> {
    const client = await connect();
    try {
      await migrateStore(client);
      const { rows } = await client.query<{ time: string; wall: string }>(
        "select time, floor(extract(epoch from clock_timestamp()) * 1000)::bigint as wall from hadron.fact",
      );
      const [row] = rows;
      if (row === undefined) throw new Error("hadron.fact has no row");
      const last = clock === "own" ? Number(row.time) : Math.max(Number(row.time), Number(row.wall));
      const source = clock === "own" ? time : { ...toFunctions(time), wallNow: () => 0 };
      return new PostgresDriver(connect, time, new StoreClock(source, last));
    } finally {
      await client.end();
    }
  }

  private constructor(connect: () => Promise<Client>, time: TimeSource, clock: StoreClock) {
    this.#connect = connect;
    this.#time = time;
    this.#clock = clock;
    this.#writing = new StoreSession(connect);
    this.#reading = Array.from({ length: READERS }, () => new StoreSession(connect));
    this.#reader = new PostgresReader((name, text, values) => {
      const session = this.#reading.reduce((least, other) => (other.waiting < least.waiting ? other : least));
      return session.rows(name, text, values);
    });
  }

  async commit(batches: readonly Batch[]): Promise<readonly (readonly Outcome[])[]> {
    this.#checkOpen();
    const form = toCommitForm(batches);
    // What was not known to be done is found by its number where it was.
    return this.#untilAnswered(async () => {
      const [row] = await this.#writing.rows<{ t: number; outcomes: string }>(
        "commit",
        "select t, outcomes from hadron.commit($1, $2, $3)",
        [form.batches, form.bodies, this.now()],
      );
      if (row === undefined) throw new Error("hadron.commit gave no row");
      this.#follow(row.t);
      return fromCommitForm(row.outcomes, batches);
    }, "did not take it; whether it was done is unknown");
  }

  read<Q extends Query>(query: Q): Promise<Answers[Q["kind"]]> {
    return this.#untilAnswered(
      // What is asked for while the server is asked goes into the next statement, together.
      async () =>
        isGet(query) ? ((await this.#get(query)) as Answers[Q["kind"]]) : this.#reader.read(query, this.now()),
      "did not answer",
    );
  }

  now(): number {
    return this.#clock.now() + this.#aheadMs;
  }

  async backup(path: string): Promise<void> {
    this.#checkOpen();
    await this.#withClient((client) => copyTo(client, path));
  }

  async restore(path: string): Promise<void> {
    this.#checkOpen();
    await this.#withClient((client) => copyFrom(client, path));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([this.#writing, ...this.#reading].map((session) => session.close()));
  }

  #get(query: Extract<Query, { kind: "get" }>): Promise<Answers["get"]> {
    this.#gets ??= { queries: [], answers: Promise.withResolvers() };
    const { queries, answers } = this.#gets;
    const place = queries.push(query) - 1;
    if (!this.#isGetting) {
      this.#isGetting = true;
      this.#time.turn(() => void this.#getNext());
    }
    return answers.promise.then((all) => all[place] ?? []);
  }

  async #getNext(): Promise<void> {
    for (let group = this.#gets; group !== undefined; group = this.#gets) {
      this.#gets = undefined;
      await this.#reader.getAll(group.queries, this.now()).then(group.answers.resolve, group.answers.reject);
    }
    this.#isGetting = false;
  }

  async #withClient(work: (client: Client) => Promise<void>): Promise<void> {
    const client = await this.#connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }

  /** Another who serves this database may be ahead: time does not go back, and does not stand still until it is caught up with. */
  #follow(time: number): void {
    const behindMs = time - this.now();
    if (behindMs > 0) this.#aheadMs += behindMs;
  }

  /** A server that is gone is asked again for a while: it, or another in its place, starts. UNAVAILABLE then. */
  async #untilAnswered<T>(work: () => Promise<T>, otherwise: string): Promise<T> {
    const until = this.#time.now() + AGAIN_MS;
    for (;;) {
      this.#checkOpen();
      try {
        return await work();
      } catch (error) {
        if (this.#isClosed || !isBroken(error) || this.#time.now() >= until) {
          if (isHadronError(error)) throw error;
          const why = error instanceof Error ? error.message : String(error);
          throw new HadronError("UNAVAILABLE", `The store's database ${otherwise}: ${why}.`, { cause: error });
        }
        await new Promise<void>((resolve) => this.#time.after(WAIT_MS, resolve));
      }
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new HadronError("UNAVAILABLE", "The store was closed.");
  }
}

interface GetGroup {
  readonly queries: Extract<Query, { kind: "get" }>[];
  readonly answers: PromiseWithResolvers<readonly Answers["get"][]>;
}

function isGet(query: Query): query is Extract<Query, { kind: "get" }> {
  return query.kind === "get";
}

function toFunctions(time: TimeSource): Pick<TimeSource, "now" | "after" | "turn"> {
  return {
    now: () => time.now(),
    after: (ms, callback) => time.after(ms, callback),
    turn: (callback) => time.turn(callback),
  };
}

/** Whether the connection, or the server, is gone, rather than something refused. */
function isBroken(error: unknown): boolean {
  if (isHadronError(error)) return error.retryable;
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return !("severity" in error) || /^(57P|08|40|53300)/.test(code);
}
