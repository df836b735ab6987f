import type { Clock } from "@hadron/core";
import type { Client } from "pg";
import { fromStored, toStored } from "../../client/values.ts";
import {
  countOutbox,
  type OutboxBacklog,
  type OutboxRow,
  readOutbox,
  removeFromOutbox,
} from "../../database/contract/outbox.ts";
import type { Answers, Operation, Outcome, Query } from "../contract/operations.ts";

/** The databases whose outboxes a store looks after: by name, what of each it moved last. */
export const OUTBOXES = "hadron.outboxes";
/** Of all who would move what one database holds: "outbox" as a number. */
const LOCK = 0x6f_75_74_62_6f_78;
/** Moved in one commit. */
const MOST_ROWS = 100;
/** Between looks that nobody asked for: twice as long each time that there was nothing. */
const FIRST_LOOK_MS = 1000;
const LONGEST_LOOK_MS = 60_000;

/** What of a store's server a relay needs. */
export interface RelayedStore {
  together(operations: readonly Operation[]): Promise<readonly Outcome[]>;
  read(queries: readonly Query[]): Promise<readonly Answers[Query["kind"]][]>;
}

export interface RelayOptions {
  readonly database: string;
  readonly store: RelayedStore;
  /** Enters the database. */
  readonly connect: () => Promise<Client>;
  readonly clock: Clock;
  /** Told of what did not go as it should. */
  warn(text: string): void;
}

/**
 * Moves what transactions of one database sent from its outbox into the store's queues, in the order in which it was sent, once: what
 * was moved last is written down in the same commit, and is not moved again where it could not be removed from the outbox.
 */
export class Relay {
  readonly #options: RelayOptions;
  #client: Client | undefined;
  #isClosed = false;
  #isAsked = false;
  #wake: () => void = () => {};
  #failing = false;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Looks, and looks again, until it is closed. Never rejects. */
  async run(): Promise<void> {
    let waitMs = FIRST_LOOK_MS;
    while (!this.#isClosed) {
      this.#isAsked = false;
      const found = await this.#tryMove();
      waitMs = found ? FIRST_LOOK_MS : Math.min(2 * waitMs, LONGEST_LOOK_MS);
      if (!this.#isAsked) await this.#wait(waitMs);
      if (this.#isAsked) waitMs = FIRST_LOOK_MS;
    }
    this.#disconnect();
  }

  /** There is something, probably. */
  look(): void {
    this.#isAsked = true;
    this.#wake();
  }

  /** What is committed and not moved yet, as far as the database can be asked. */
  async backlog(): Promise<readonly OutboxBacklog[]> {
    let client: Client | undefined;
    try {
      // Of its own: where something waits, the relay may have none.
      client = await this.#options.connect();
      return await this.outside(countOutbox(client));
    } catch {
      return [];
    } finally {
      client?.end().catch(() => {});
    }
  }

  /** Moves no more. What is under way is found again by whoever is next. */
  close(): void {
    this.#isClosed = true;
    this.#disconnect();
    this.#wake();
  }

  async #tryMove(): Promise<boolean> {
    const { database, warn } = this.#options;
    try {
      const found = await this.#move();
      this.#failing = false;
      return found;
    } catch (error) {
      this.#disconnect();
      if (!this.#failing && !this.#isClosed) {
        const why = error instanceof Error ? error.message : String(error);
        warn(`What transactions of database("${database}") sent could not be moved; it is tried again: ${why}`);
      }
      this.#failing = true;
      return false;
    }
  }

  /** Whether there was anything. */
  async #move(): Promise<boolean> {
    const client = this.#client ?? (await this.#enter());
    if (client === undefined) return false;
    const { outside } = this;
    for (let found = false; ; found = true) {
      const rows = await outside(readOutbox(client, MOST_ROWS));
      if (rows.length === 0 || this.#isClosed) return found;
      await this.#send(rows);
      await outside(removeFromOutbox(client, names(rows)));
      if (rows.length < MOST_ROWS) return true;
    }
  }

  /** Connects, and removes what was moved before; undefined while another one moves. */
  async #enter(): Promise<Client | undefined> {
    const { connect, store, database } = this.#options;
    const { outside } = this;
    const client = await connect();
    this.#client = client;
    const { rows } = await outside(client.query<{ got: boolean }>("select pg_try_advisory_lock($1) as got", [LOCK]));
    if (rows[0]?.got !== true) {
      this.#disconnect();
      return undefined;
    }
    const [[entry]] = (await store.read([{ kind: "get", store: OUTBOXES, keys: [database] }])) as [Answers["get"]];
    if (entry !== undefined) {
      await outside(removeFromOutbox(client, fromStored(entry.value, OUTBOXES) as readonly string[]));
    }
    return client;
  }

  async #send(rows: readonly OutboxRow[]): Promise<void> {
    const { store, database } = this.#options;
    await store.together([
      toMoved(database, names(rows)),
      ...rows.map(
        ({ name, queues, body, id = name, key, delayMs }): Operation =>
          // It is committed: no limit of a queue can refuse it. Its name keeps a relay that was taken for dead from sending it, too.
          ({ kind: "send", queues, body, id, key, delayMs, maxLength: undefined }),
      ),
    ]);
  }

  #disconnect(): void {
    this.#client?.end().catch(() => {});
    this.#client = undefined;
  }

  #wait(ms: number): Promise<void> {
    const { clock } = this.#options;
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = clock.after(ms, resolve);
      this.#wake = () => {
        clock.cancel(timer);
        resolve();
      };
    });
  }

  get outside(): Clock["outside"] {
    const { clock } = this.#options;
    return (work) => clock.outside(work);
  }
}

function names(rows: readonly OutboxRow[]): readonly string[] {
  return rows.map(({ name }) => name);
}

/** Writes down what was moved last. */
export function toMoved(database: string, names: readonly string[], ifVersion?: number): Operation {
  const value = toStored(names, OUTBOXES, Number.POSITIVE_INFINITY);
  const entries = [{ key: database, value, ifVersion }];
  return { kind: "set", store: OUTBOXES, entries, ttlMs: undefined, fence: undefined };
}
