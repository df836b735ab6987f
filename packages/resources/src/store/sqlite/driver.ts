import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { HadronError } from "@hadron/core/spi";
import type { Batch, StoreDriver } from "../contract/driver.ts";
import type { Answers, Outcome, Query } from "../contract/operations.ts";
import { StoreClock, type TimeSource } from "../contract/store-clock.ts";
import { claimFolder } from "./claim-folder.ts";
import { Reader } from "./reader.ts";
import { syncTimeOf } from "./sync-time.ts";
import { openWriterHere, openWriterThread, type WritingSide } from "./writer-thread.ts";

export interface SqliteOptions {
  /** Where the data is kept. Made where it is not there. */
  readonly folder: string;
  readonly time: TimeSource;
  /**
   * Who writes: a thread of its own, or this one, which then stands still while the disk is waited for. `fit`: this one, unless the
   * disk is slow: what goes over to a thread and back takes longer than a quick disk, and a thread takes memory. @default "own"
   */
  readonly thread?: "own" | "this" | "fit";
  /** Measures how long the disk of a folder takes to keep something, in milliseconds. */
  readonly syncTimeOf?: (folder: string) => number;
  /** Whether a commit waits until the disk has it. Without, it survives the process, and not the machine. Only of this thread. @default true */
  readonly durable?: boolean;
}

/** Others may be kept waiting so long by each commit: a call takes about as long by itself. */
const QUICK_MS = 1;

/** A store in a folder: one SQLite database, written by one, read by this thread. */
export class SqliteDriver implements StoreDriver {
  readonly #owner: Disposable;
  readonly #writer: WritingSide;
  readonly #database: DatabaseSync;
  readonly #reader: Reader;
  readonly #clock: StoreClock;
  #closing: Promise<void> | undefined;

  /**
   * Opens a store. FAILED_PRECONDITION where the folder cannot be used: another process has it, a newer version wrote it, or
   * it cannot be written.
   */
  static async open({
    folder,
    time,
    thread = "own",
    durable = true,
    ...measure
  }: SqliteOptions): Promise<SqliteDriver> {
    try {
      mkdirSync(folder, { recursive: true });
      const owner = claimFolder(folder);
      try {
        const path = join(folder, "store.db");
        const isSlow = () => (measure.syncTimeOf ?? syncTimeOf)(folder) > QUICK_MS;
        const writer =
          thread === "own" || (thread === "fit" && isSlow())
            ? await openWriterThread(path)
            : openWriterHere(path, durable);
        return new SqliteDriver(owner, writer, path, time);
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

  private constructor(owner: Disposable, writer: WritingSide, path: string, time: TimeSource) {
    this.#owner = owner;
    this.#writer = writer;
    this.#clock = new StoreClock(time, writer.lastTime);
    this.#database = new DatabaseSync(path, { readOnly: true });
    this.#database.exec("pragma busy_timeout = 5000");
    this.#reader = new Reader(this.#database);
  }

  async commit(batches: readonly Batch[]): Promise<readonly (readonly Outcome[])[]> {
    this.#checkOpen();
    return this.#writer.commit(batches, this.now());
  }

  read<Q extends Query>(query: Q): Answers[Q["kind"]] {
    this.#checkOpen();
    return this.#reader.read(query, this.now());
  }

  now(): number {
    return this.#clock.now();
  }

  async backup(path: string): Promise<void> {
    this.#checkOpen();
    if (existsSync(path)) {
      throw new HadronError("ALREADY_EXISTS", `There is a file ${path}: a backup replaces none.`);
    }
    await backup(this.#database, path);
  }

  async restore(path: string): Promise<void> {
    this.#checkOpen();
    await this.#writer.restore(path);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Before the writer, which is the last to leave then, and takes the log away.
    this.#database.close();
    await this.#writer.close();
    this.#owner[Symbol.dispose]();
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new HadronError("UNAVAILABLE", "The store was closed.");
  }
}
