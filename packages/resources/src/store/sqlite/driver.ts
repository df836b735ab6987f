import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { HadronError } from "@hadron/core/spi";
import type { Batch, Executed, StoreDriver } from "../contract/driver.ts";
import type { Answers, Operation, Outcome, Query } from "../contract/operations.ts";
import { StoreClock, type TimeSource } from "../contract/store-clock.ts";
import { bootId } from "./boot-id.ts";
import { BootMark } from "./boot-mark.ts";
import { claimFolder } from "./claim-folder.ts";
import { LogSync, type Sync, syncOf } from "./log-sync.ts";
import { Reader } from "./reader.ts";
import { settleLog } from "./settle-log.ts";
import { MOST_QUICK_LEASE_MS } from "./tables/locks.ts";
import { openForWriting, Writer } from "./writer.ts";

export interface SqliteOptions {
  /** Where the data is kept. Made where it is not there. */
  readonly folder: string;
  readonly time: TimeSource;
  /** Whether a commit waits until the disk has it. Without, it survives the process, and not the machine. @default true */
  readonly durable?: boolean;
  /** Told once where the disk fails: all that comes later fails, and the store has to be opened anew. */
  readonly failed?: (error: HadronError) => void;
  /** Syncs the log, by its descriptor. @default the system's way */
  readonly syncOf?: (descriptor: number) => Sync;
  /** The log is written into the database when it has so many pages of 4 KiB: the disk is waited for then, twice. @default 4000 */
  readonly checkpointPages?: number;
  /** Names this life of the machine; undefined: unknown. @default as the system says */
  readonly boot?: () => string | undefined;
}

const ALL_PAGES = 2 ** 31 - 1;

/** The log of a database, synced behind its commits. */
interface Log {
  readonly sync: LogSync;
  readonly descriptor: number;
  readonly mark: BootMark;
}

/** A store in a folder: one SQLite database, that one thread writes and reads. While the disk is waited for, it goes on. */
export class SqliteDriver implements StoreDriver {
  readonly #owner: Disposable;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #clock: StoreClock;
  /** undefined: the disk is not waited for. */
  readonly #log: Log | undefined;
  /** From then on it is known who has what: where the machine failed, and by the store's time. */
  readonly #knownFrom: number = 0;
  #closing: Promise<void> | undefined;

  /**
   * Opens a store. FAILED_PRECONDITION where the folder cannot be used: another process has it, a newer version wrote it, or
   * it cannot be written.
   */
  static async open(options: SqliteOptions): Promise<SqliteDriver> {
    const { folder } = options;
    try {
      mkdirSync(folder, { recursive: true });
      const owner = claimFolder(folder);
      try {
        return new SqliteDriver(owner, options);
      } catch (error) {
        owner[Symbol.dispose]();
        throw error;
      }
    } catch (error) {
      if (error instanceof HadronError && error.code === "FAILED_PRECONDITION") throw error;
      const text = error instanceof Error ? error.message : String(error);
      throw new HadronError(
        "FAILED_PRECONDITION",
        `The store cannot use the folder ${folder}: ${text}. It must be writable by this process, on a disk of this machine.`,
        { cause: error },
      );
    }
  }

  private constructor(
    owner: Disposable,
    { folder, time, durable = true, failed = () => {}, checkpointPages, ...how }: SqliteOptions,
  ) {
    const path = join(folder, "store.db");
    const log = `${path}-wal`;
    if (durable) settleLog(log);
    this.#owner = owner;
    this.#path = path;
    this.#database = openForWriting(path, { durable, checkpointPages });
    this.#writer = new Writer(this.#database);
    this.#reader = new Reader(this.#database, this.#writer.cache);
    this.#clock = new StoreClock(time, this.#writer.lastTime);
    if (!durable) return;
    // The same file for as long as the database is open; SQLite keeps no locks on it that closing it could drop.
    const descriptor = openSync(log, "r+");
    const mark = new BootMark(folder, path, (how.boot ?? bootId)());
    if (mark.isCut) {
      this.#knownFrom = this.now() + MOST_QUICK_LEASE_MS;
      this.#writer.afterPowerCut(this.#knownFrom);
    }
    this.#log = { descriptor, mark, sync: new LogSync((how.syncOf ?? syncOf)(descriptor), time, failed) };
  }

  async commit(batches: readonly Batch[], executed?: Executed): Promise<readonly (readonly Outcome[])[]> {
    this.#checkOpen();
    const log = this.#log;
    const now = this.now();
    if (log === undefined) return this.#writer.commit(batches, now);
    log.sync.check();
    if (log.mark.isCut && now >= this.#knownFrom) log.mark.confirm();
    const all = this.#writer.commit(batches, now);
    const mayAnswer = batches.map((batch, index) => this.#writer.mayAnswer(batch, all[index] ?? []));
    const isQuiet = mayAnswer.every((may) => may);
    const onDisk = isQuiet ? log.sync.committedQuietly() : log.sync.committed(operationsOf(batches));
    if (executed !== undefined) {
      for (const [index, outcomes] of all.entries()) executed(index, outcomes, mayAnswer[index] === true);
    }
    await onDisk;
    return all;
  }

  read<Q extends Query>(query: Q): Answers[Q["kind"]] | Promise<Answers[Q["kind"]]> {
    this.#checkOpen();
    // A power cut may undo what is not on disk yet: nobody is told of that.
    const onDisk = this.#log?.sync.seenBy(query);
    const answer = this.#reader.read(query, this.now());
    return onDisk === undefined ? answer : onDisk.then(() => answer);
  }

  now(): number {
    return this.#clock.now();
  }

  async backup(path: string): Promise<void> {
    this.#checkOpen();
    if (existsSync(path)) {
      throw new HadronError("ALREADY_EXISTS", `There is a file ${path}: a backup replaces none.`);
    }
    // In one step, of one connection that sees one point in time: in several it would begin anew at each commit.
    using source = new DatabaseSync(this.#path, { readOnly: true });
    await backup(source, path, { rate: ALL_PAGES });
    await this.#log?.sync.flush();
  }

  async restore(path: string): Promise<void> {
    this.#checkOpen();
    this.#writer.restore(path);
    await this.#log?.sync.committed([{ kind: "move", what: "store", from: "", to: "" }]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const log = this.#log;
    try {
      await log?.sync.flush();
      this.#writer.close();
      if (log?.sync.isSound === true && (!log.mark.isCut || this.now() >= this.#knownFrom)) log.mark.close();
    } finally {
      if (log !== undefined) closeSync(log.descriptor);
      this.#owner[Symbol.dispose]();
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new HadronError("UNAVAILABLE", "The store was closed.");
  }
}

function* operationsOf(batches: readonly Batch[]): Iterable<Operation> {
  for (const { operations } of batches) yield* operations;
}
