import { DatabaseSync } from "node:sqlite";
import { HadronError } from "@hadron/core/spi";
import type { Batch } from "../contract/driver.ts";
import type { Operation, Outcome, Results } from "../contract/operations.ts";
import { isRepeatable } from "../contract/repeatable.ts";
import { restoreFrom } from "./restore.ts";
import { migrate } from "./schema.ts";
import { Answered } from "./tables/answered.ts";
import { Contents } from "./tables/contents.ts";
import { Entries } from "./tables/entries.ts";
import { EntryCache } from "./tables/entry-cache.ts";
import { Locks, MOST_QUICK_LEASE_MS } from "./tables/locks.ts";
import { Queues } from "./tables/queues.ts";
import { Runs } from "./tables/runs.ts";

/** What one sweep removes of each kind at most: others wait meanwhile. */
const MOST_SWEPT = 1000;

const CHECKPOINT_PAGES = 4000;

/** So many numbers are taken at a time: what of them was not given when the process ends is never given. */
const RESERVED_NUMBERS = 10_000;
/** The time is written so often at most. */
const TIME_MS = 100;
/** More numbers than may be given and lost before a sync: it is never far behind. */
const LOST_NUMBERS = 2 ** 30;

/** How a database is written. */
interface Writing {
  /** False: nothing is synced, for data that ends with its test. @default true */
  readonly durable?: boolean | undefined;
  /** The log is written into the database when it has so many pages of 4 KiB: the disk is waited for then, twice. @default 4000 */
  readonly checkpointPages?: number | undefined;
}

/**
 * Opens a database for writing, with a write-ahead log that is synced around checkpoints: a commit alone survives the process, and whoever
 * acknowledges it syncs the log first ({@link LogSync}).
 *
 * FAILED_PRECONDITION where a newer version made it.
 */
export function openForWriting(
  path: string,
  { durable = true, checkpointPages = CHECKPOINT_PAGES }: Writing = {},
): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
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
  readonly #begin;
  readonly #commit;
  /** What readers of the same database may keep in memory. */
  readonly cache = new EntryCache();
  #sequence: number;
  /** Up to here numbers are written as given: whoever opens the database goes on behind them. */
  #reserved: number;
  /** The time of the last commit, and the one that was written. */
  #time: number;
  #keptTime: number;
  /** The sequence before the last commit. */
  #before = 0;
  /** The last time that was written. */
  readonly lastTime: number;

  constructor(database: DatabaseSync) {
    this.#database = database;
    const next = () => ++this.#sequence;
    this.#locks = new Locks(database, next);
    this.#entries = new Entries(database, next, this.#locks, this.cache);
    this.#queues = new Queues(database, next);
    this.#answered = new Answered(database);
    this.#contents = new Contents(database, this.cache);
    this.#runs = new Runs(database);
    const facts = database.prepare("select name, value from fact").all() as { name: string; value: number }[];
    const factOf = (name: string) => facts.find((fact) => fact.name === name)?.value ?? 0;
    this.#sequence = factOf("sequence");
    this.#reserved = this.#sequence;
    this.lastTime = factOf("time");
    this.#time = this.lastTime;
    this.#keptTime = this.lastTime;
    this.#begin = database.prepare("begin immediate");
    this.#commit = database.prepare("commit");
    this.#keepFacts = database.prepare("update fact set value = case name when 'time' then ? else ? end");
  }

  /**
   * Commits the batches, and gives the outcomes of each. UNAVAILABLE, and nothing done, where the disk does not take them.
   */
  commit(batches: readonly Batch[], now: number): readonly (readonly Outcome[])[] {
    const sequence = this.#sequence;
    const reserved = this.#reserved;
    this.#before = sequence;
    try {
      this.#begin.run();
      const outcomes = batches.map((batch) => this.#do(batch, now));
      this.#time = now;
      if (this.#sequence > reserved) this.#reserved = this.#sequence + RESERVED_NUMBERS;
      // A page less in most commits. A store that is killed, and whose system's clock was set back meanwhile, is behind by so much.
      if (this.#reserved > reserved || now - this.#keptTime >= TIME_MS) this.#keep();
      this.#commit.run();
      return outcomes;
    } catch (error) {
      this.#sequence = sequence;
      this.#reserved = reserved;
      this.#keptTime = 0;
      // A full disk ends some transactions by itself.
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw unavailable(error);
    }
  }

  /**
   * Whether a batch of the last commit may be answered before that is on disk: a kill of the process undoes nothing of it, and what a power
   * cut undoes harms nobody.
   *
   * - A lock on loan for a short while. After a power cut no lock is given for that while ({@link afterPowerCut}), and no number comes again.
   * - A message that this very commit brought, to who takes it so: with the claim the message itself is gone, and its sender has no answer yet.
   *   Not one with a key, since another of its key could be worked on beside it.
   * - That there was nothing to claim.
   */
  mayAnswer({ operations }: Batch, outcomes: readonly Outcome[]): boolean {
    return operations.every((operation, index) => {
      if (operation.kind === "release") return true;
      if (operation.kind === "acquire" || operation.kind === "renew") return operation.leaseMs <= MOST_QUICK_LEASE_MS;
      const outcome = outcomes[index];
      if (operation.kind !== "claim" || outcome === undefined || "refused" in outcome) return false;
      const { messages } = outcome.ok as Results["claim"];
      return messages.every(
        ({ message, key }) => operation.early === true && message > this.#before && key === undefined,
      );
    });
  }

  /**
   * What was given and never on disk is unknown: no number of the sequence that was comes again, and until `closedUntil` no lock is given, for
   * it may be on loan.
   */
  afterPowerCut(closedUntil: number): void {
    this.#locks.closedUntil = closedUntil;
    this.#database.exec("pragma synchronous = full");
    this.#sequence += LOST_NUMBERS;
    this.#reserved = this.#sequence;
    this.#keep();
    this.#database.exec("pragma synchronous = normal");
  }

  /** Takes what a backup holds, all or nothing. FAILED_PRECONDITION: see {@link StoreDriver.restore}. */
  restore(path: string): void {
    this.cache.clear();
    this.#sequence = restoreFrom(this.#database, path, this.#reserved);
    this.#reserved = this.#sequence;
  }

  close(): void {
    try {
      if (this.#time > this.#keptTime) this.#keep();
    } finally {
      this.#database.close();
    }
  }

  #keep(): void {
    this.#keepFacts.run(this.#time, this.#reserved);
    this.#keptTime = this.#time;
  }

  #do(batch: Batch, now: number): readonly Outcome[] {
    // They are what is sent when all else rests.
    if (batch.isOnce === true || batch.operations.every(isRepeatable))
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
