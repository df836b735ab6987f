import { DatabaseSync } from "node:sqlite";
import { HadronError } from "@hadron/core/spi";
import type { Batch, StoreDriver } from "../contract/driver.ts";
import type { Answers, Outcome, Query } from "../contract/operations.ts";
import { StoreClock, type TimeSource } from "../contract/store-clock.ts";
import { Reader } from "../sqlite/reader.ts";
import { migrate } from "../sqlite/schema.ts";
import { Writer } from "../sqlite/writer.ts";

/**
 * A store in memory, for tests: the same tables and rules as on disk, without a file, a thread, or a wait. Gone with the
 * process.
 */
export class MemoryDriver implements StoreDriver {
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #clock: StoreClock;

  constructor(time: TimeSource) {
    const database = new DatabaseSync(":memory:");
    migrate(database, "memory");
    this.#writer = new Writer(database);
    this.#reader = new Reader(database, this.#writer.cache);
    this.#clock = new StoreClock(time, this.#writer.lastTime);
  }

  async commit(batches: readonly Batch[]): Promise<readonly (readonly Outcome[])[]> {
    return this.#writer.commit(batches, this.now());
  }

  read<Q extends Query>(query: Q): Answers[Q["kind"]] {
    return this.#reader.read(query, this.now());
  }

  now(): number {
    return this.#clock.now();
  }

  async backup(): Promise<void> {
    throw new HadronError(
      "FAILED_PRECONDITION",
      "A store in memory has nothing to back up: it is gone with its process.",
    );
  }

  async restore(path: string): Promise<void> {
    this.#writer.restore(path);
  }

  async close(): Promise<void> {
    this.#writer.close();
  }
}
