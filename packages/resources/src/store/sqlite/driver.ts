import { mkdirSync } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { decodeValue, encodeValue, fromErrorData, HadronError } from "@hadron/core/spi";
import type { Batch, StoreDriver } from "../driver.ts";
import type { Answers, Outcome, Query } from "../operations.ts";
import { StoreClock, type TimeSource } from "../store-clock.ts";
import { claimFolder } from "./claim-folder.ts";
import { Reader } from "./reader.ts";
import type { FromWriter, ToWriter } from "./worker.ts";

export interface SqliteOptions {
  /** Where the data is kept. Made where it is not there. */
  readonly folder: string;
  readonly time: TimeSource;
}

/** Commits that wait for their answers, in the order in which they were sent. */
interface Waiting {
  resolve(outcomes: readonly (readonly Outcome[])[]): void;
  reject(error: HadronError): void;
}

/**
 * A store in a folder: one SQLite database, written by one thread, read by this one. While the thread makes one commit
 * durable, whoever calls collects the next.
 */
export class SqliteDriver implements StoreDriver {
  readonly #owner: Disposable;
  readonly #worker: Worker;
  readonly #database: DatabaseSync;
  readonly #reader: Reader;
  readonly #clock: StoreClock;
  readonly #waiting: Waiting[] = [];
  readonly #closed = Promise.withResolvers<void>();
  #failure: HadronError | undefined;

  /**
   * Opens a store. FAILED_PRECONDITION where the folder cannot be used: another process has it, a newer version wrote it, or
   * it cannot be written.
   */
  static async open({ folder, time }: SqliteOptions): Promise<SqliteDriver> {
    try {
      mkdirSync(folder, { recursive: true });
      const owner = claimFolder(folder);
      try {
        const path = join(folder, "store.db");
        const worker = new Worker(workerFile(), { workerData: { path } });
        const first = await firstAnswer(worker);
        if (first.type !== "open") {
          await worker.terminate();
          throw first.type === "failed" ? fromErrorData(first.error) : new Error(`the writer said ${first.type}`);
        }
        return new SqliteDriver(owner, worker, path, new StoreClock(time, first.lastTime));
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

  private constructor(owner: Disposable, worker: Worker, path: string, clock: StoreClock) {
    this.#owner = owner;
    this.#worker = worker;
    this.#clock = clock;
    this.#database = new DatabaseSync(path, { readOnly: true });
    this.#database.exec("pragma busy_timeout = 5000");
    this.#reader = new Reader(this.#database);
    worker.on("message", (message: FromWriter) => this.#answered(message));
    worker.on("error", (error) => this.#died(error.message));
    worker.on("exit", (code) => this.#died(`its thread ended with ${code}`));
  }

  commit(batches: readonly Batch[]): Promise<readonly (readonly Outcome[])[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<readonly (readonly Outcome[])[]>();
    this.#waiting.push({ resolve, reject });
    this.#tell({ type: "commit", batches: encodeValue(batches, "a commit"), now: this.now() });
    return promise;
  }

  read<Q extends Query>(query: Q): Answers[Q["kind"]] {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#reader.read(query, this.now());
  }

  now(): number {
    return this.#clock.now();
  }

  async backup(path: string): Promise<void> {
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    ) {
      throw new HadronError("ALREADY_EXISTS", `There is a file ${path}: a backup replaces none.`);
    }
    await backup(this.#database, path);
  }

  async close(): Promise<void> {
    if (this.#failure === undefined) {
      this.#failure = new HadronError("UNAVAILABLE", "The store was closed.");
      // Before the writer, which is the last to leave then, and takes the log away.
      this.#database.close();
      this.#tell({ type: "close" });
    }
    await this.#closed.promise;
    if (this.#database.isOpen) this.#database.close();
    this.#owner[Symbol.dispose]();
  }

  #tell(message: ToWriter): void {
    this.#worker.postMessage(message);
  }

  #answered(message: FromWriter): void {
    if (message.type === "done")
      this.#waiting.shift()?.resolve(decodeValue(message.outcomes) as readonly (readonly Outcome[])[]);
    else if (message.type === "failed") this.#waiting.shift()?.reject(fromErrorData(message.error));
  }

  /** Whether what waits was committed, nobody knows. */
  #died(why: string): void {
    this.#failure ??= new HadronError("UNAVAILABLE", `The store has ended: ${why}.`);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    this.#closed.resolve();
  }
}

/** Beside this file: in the sources, or where they were built. */
function workerFile(): URL {
  return new URL(`./worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
}

function firstAnswer(worker: Worker): Promise<FromWriter> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the writer's thread ended with ${code}`)));
  });
}
