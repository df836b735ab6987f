import { DatabaseSync } from "node:sqlite";
import { HadronError } from "@hadron/core/spi";
import type { Batch } from "../contract/driver.ts";
import type { Operation, Outcome } from "../contract/operations.ts";
import { restoreFrom } from "./restore.ts";
import { migrate } from "./schema.ts";
import { Answered } from "./tables/answered.ts";
import { Contents } from "./tables/contents.ts";
import { Entries } from "./tables/entries.ts";
import { Locks } from "./tables/locks.ts";
import { Queues } from "./tables/queues.ts";
import { Runs } from "./tables/runs.ts";

/** What one sweep removes of each kind at most: others wait meanwhile. */
const MOST_SWEPT = 1000;

const CHECKPOINT_PAGES = 4000;

/** How a database is written. */
interface Writing {
  /** False: nothing is synced, for data that ends with its test. @default true */
  readonly durable?: boolean | undefined;
  /** The log is written into the database when it has so many pages of 4 KiB: the disk is waited for then, twice. @default 4000 */
  readonly checkpointPages?: number | undefined;
}

/**
 * Opens a database for writing, with a write-ahead log that is synced around checkpoints: a commit alone survives the process, and whoever
 * acknowledges it syncs the log first ({@link LogSync}). No other process may open it meanwhile, so that no commit and no read has to lock it.
 *
 * FAILED_PRECONDITION where a newer version made it.
 */
export function openForWriting(
  path: string,
  { durable = true, checkpointPages = CHECKPOINT_PAGES }: Writing = {},
): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec("pragma main.locking_mode = exclusive");
    // Before the first table: room that is free is given back to the disk.
    database.exec("pragma auto_vacuum = incremental; pragma journal_mode = wal");
    database.exec(`pragma synchronous = ${durable ? "normal" : "off"}; pragma wal_autocheckpoint = ${checkpointPages}`);
    database.exec("pragma busy_timeout = 5000; pragma cache_size = -32000; pragma temp_store = memory");
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Does batches, all of them in one transaction, which is in the log then, and on disk when that is synced. */
export class Writer {
  readonly #database: DatabaseSync;
  readonly #answered: Answered;
  readonly #entries: Entries;
  readonly #queues: Queues;
  readonly #locks: Locks;
  readonly #contents: Contents;
  readonly #runs: Runs;
  readonly #keepFacts;
  #sequence: number;
  /** The last time that was written. */
  readonly lastTime: number;

  constructor(database: DatabaseSync) {
    this.#database = database;
    const next = () => ++this.#sequence;
    this.#locks = new Locks(database, next);
    this.#entries = new Entries(database, next, this.#locks);
    this.#queues = new Queues(database, next);
    this.#answered = new Answered(database);
    this.#contents = new Contents(database);
    this.#runs = new Runs(database);
    const facts = database.prepare("select name, value from fact").all() as { name: string; value: number }[];
    const factOf = (name: string) => facts.find((fact) => fact.name === name)?.value ?? 0;
    this.#sequence = factOf("sequence");
    this.lastTime = factOf("time");
    this.#keepFacts = database.prepare("update fact set value = case name when 'time' then ? else ? end");
  }

  /**
   * Commits the batches, and gives the outcomes of each. UNAVAILABLE, and nothing done, where the disk does not take them.
   */
  commit(batches: readonly Batch[], now: number): readonly (readonly Outcome[])[] {
    const sequence = this.#sequence;
    try {
      this.#database.exec("begin immediate");
      const outcomes = batches.map((batch) => this.#do(batch, now));
      this.#keepFacts.run(now, this.#sequence);
      this.#database.exec("commit");
      return outcomes;
    } catch (error) {
      this.#sequence = sequence;
      // A full disk ends some transactions by itself.
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw unavailable(error);
    }
  }

  /** Takes what a backup holds, all or nothing. FAILED_PRECONDITION: see {@link StoreDriver.restore}. */
  restore(path: string): void {
    this.#sequence = restoreFrom(this.#database, path, this.#sequence);
  }

  close(): void {
    this.#database.close();
  }

  #do(batch: Batch, now: number): readonly Outcome[] {
    // To be done twice does these no harm, and they are what is sent when all else rests.
    if (
      batch.isOnce === true ||
      batch.operations.every(({ kind }) => kind === "renew" || kind === "extend" || kind === "keep-runs")
    )
      return batch.operations.map((operation) => this.#operate(operation, now));
    const earlier = this.#answered.find(batch);
    if (earlier !== undefined) return earlier;
    const outcomes = batch.operations.map((operation) => this.#operate(operation, now));
    this.#answered.keep(batch, outcomes, now);
    return outcomes;
  }

  #operate(operation: Operation, now: number): Outcome {
    switch (operation.kind) {
      case "set":
        return this.#entries.set(operation, now);
      case "delete":
        return this.#entries.delete(operation, now);
      case "send":
        return this.#queues.send(operation, now);
      case "claim":
        return this.#queues.claim(operation, now);
      case "extend":
        return this.#queues.extend(operation, now);
      case "finish":
        return this.#queues.finish(operation, now);
      case "fail":
        return this.#queues.fail(operation, now);
      case "give-back":
        return this.#queues.giveBack(operation, now);
      case "dead-letters":
        return this.#queues.deadLetters(operation, now);
      case "acquire":
        return this.#locks.acquire(operation, now);
      case "renew":
        return this.#locks.renew(operation, now);
      case "release":
        return this.#locks.release(operation);
      case "drop":
        return operation.what === "runs"
          ? { ok: { count: this.#runs.drop(operation.name) } }
          : this.#contents.drop(operation);
      case "move":
        return this.#contents.move(operation);
      case "start-run":
        return this.#runs.start(operation, now);
      case "claim-runs":
        return this.#runs.claim(operation, now);
      case "keep-runs":
        return this.#runs.keep(operation, now);
      case "append-run":
        return this.#runs.append(operation, now);
      case "send-run":
        return this.#runs.send(operation, now);
      case "resume-run":
        return this.#runs.resume(operation, now);
      case "sweep":
        return this.#sweep(operation.deadLetterMs, now);
    }
  }

  #sweep(deadLetterMs: number, now: number): Outcome {
    const counts = [
      this.#entries.sweep(now, MOST_SWEPT),
      this.#queues.sweep(now, deadLetterMs, MOST_SWEPT),
      this.#answered.sweep(now, MOST_SWEPT),
    ];
    const more = this.#runs.sweep(now, MOST_SWEPT);
    return { ok: { more: more || counts.some((count) => count >= MOST_SWEPT) } };
  }
}

function unavailable(error: unknown): HadronError {
  const text = error instanceof Error ? error.message : String(error);
  return new HadronError("UNAVAILABLE", `The store could not write: ${text}. Look at its disk.`, { cause: error });
}
