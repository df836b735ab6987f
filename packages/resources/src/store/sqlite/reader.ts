import type { DatabaseSync } from "node:sqlite";
import type { Answers, Query } from "../contract/operations.ts";
import { ContentsReader } from "./tables/contents.ts";
import { EntryReader } from "./tables/entries.ts";
import type { EntryCache } from "./tables/entry-cache.ts";
import { LockReader } from "./tables/locks.ts";
import { QueueReader } from "./tables/queues.ts";
import { RunReader } from "./tables/run-reader.ts";

/** Answers queries from what is committed. */
export class Reader {
  readonly #entries: EntryReader;
  readonly #queues: QueueReader;
  readonly #locks: LockReader;
  readonly #contents: ContentsReader;
  readonly #runs: RunReader;

  /** @param cache That of who writes. */
  constructor(database: DatabaseSync, cache: EntryCache) {
    this.#entries = new EntryReader(database, cache);
    this.#queues = new QueueReader(database);
    this.#locks = new LockReader(database);
    this.#contents = new ContentsReader(database);
    this.#runs = new RunReader(database);
  }

  read<Q extends Query>(query: Q, now: number): Answers[Q["kind"]];
  read(query: Query, now: number): Answers[Query["kind"]] {
    switch (query.kind) {
      case "get":
        return this.#entries.get(query, now);
      case "list":
        return this.#entries.list(query, now);
      case "ended":
        return this.#entries.ended(query, now);
      case "queue":
        return this.#queues.state(query.queue, now);
      case "dead":
        return this.#queues.dead(query);
      case "messages":
        return this.#contents.messages(query, now);
      case "contents":
        return this.#contents.contents(now);
      case "lock":
        return this.#locks.get(query.lock, now);
      case "run":
        return this.#runs.get(query);
      case "runs":
        return this.#runs.list(query);
      case "run-events":
        return this.#runs.events(query);
      case "time":
        return now;
    }
  }
}
