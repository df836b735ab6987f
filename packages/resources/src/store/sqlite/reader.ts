import type { DatabaseSync } from "node:sqlite";
import type { Answers, Query } from "../contract/operations.ts";
import { EntryReader } from "./entries.ts";
import { LockReader } from "./locks.ts";
import { QueueReader } from "./queues.ts";

/** Answers queries from what is committed. */
export class Reader {
  readonly #entries: EntryReader;
  readonly #queues: QueueReader;
  readonly #locks: LockReader;

  constructor(database: DatabaseSync) {
    this.#entries = new EntryReader(database);
    this.#queues = new QueueReader(database);
    this.#locks = new LockReader(database);
  }

  read<Q extends Query>(query: Q, now: number): Answers[Q["kind"]];
  read(query: Query, now: number): Answers[Query["kind"]] {
    switch (query.kind) {
      case "get":
        return this.#entries.get(query, now);
      case "list":
        return this.#entries.list(query, now);
      case "queue":
        return this.#queues.state(query.queue, now);
      case "dead":
        return this.#queues.dead(query);
      case "lock":
        return this.#locks.get(query.lock, now);
      case "time":
        return now;
    }
  }
}
