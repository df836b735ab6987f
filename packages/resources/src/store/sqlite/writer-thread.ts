import { Worker } from "node:worker_threads";
import { decodeValue, encodeValue, fromErrorData, HadronError } from "@hadron/core/spi";
import type { Batch } from "../contract/driver.ts";
import type { Outcome } from "../contract/operations.ts";
import type { FromWriter, ToWriter } from "./worker.ts";
import { openForWriting, Writer } from "./writer.ts";

/** Whoever writes a database. */
export interface WritingSide {
  /** The last time that was written. */
  readonly lastTime: number;
  /** In the order of the calls. UNAVAILABLE where a commit is not known to have happened. */
  commit(batches: readonly Batch[], now: number): Promise<readonly (readonly Outcome[])[]>;
  /** Takes what a backup holds. Fails as {@link StoreDriver.restore} does. */
  restore(path: string): Promise<void>;
  /** When all is written that was asked for. */
  close(): Promise<void>;
}

/** Writes in this thread: it stands still while the disk is waited for. */
export function openWriterHere(path: string, durable: boolean): WritingSide {
  const writer = new Writer(openForWriting(path, durable));
  return {
    lastTime: writer.lastTime,
    commit: async (batches, now) => writer.commit(batches, now),
    restore: async (path) => writer.restore(path),
    close: async () => writer.close(),
  };
}

/** Writes in a thread of its own: while it makes one commit durable, this one goes on. */
export async function openWriterThread(path: string): Promise<WritingSide> {
  const worker = new Worker(workerFile(), { workerData: { path } });
  const first = await firstAnswer(worker);
  if (first.type === "open") return new WriterThread(worker, first.lastTime);
  await worker.terminate();
  throw first.type === "failed" ? fromErrorData(first.error) : new Error(`the writer said ${first.type}`);
}

/** Commits that wait for their answers, in the order in which they were sent. */
interface Waiting {
  resolve(outcomes: readonly (readonly Outcome[])[]): void;
  reject(error: HadronError): void;
}

class WriterThread implements WritingSide {
  readonly lastTime: number;
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  readonly #closed = Promise.withResolvers<void>();
  #failure: HadronError | undefined;

  constructor(worker: Worker, lastTime: number) {
    this.#worker = worker;
    this.lastTime = lastTime;
    worker.on("message", (message: FromWriter) => this.#answered(message));
    worker.on("error", (error) => this.#died(error.message));
    worker.on("exit", (code) => this.#died(`its thread ended with ${code}`));
  }

  commit(batches: readonly Batch[], now: number): Promise<readonly (readonly Outcome[])[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<readonly (readonly Outcome[])[]>();
    this.#waiting.push({ resolve, reject });
    this.#tell({ type: "commit", batches: encodeValue(batches, "a commit"), now });
    return promise;
  }

  async restore(path: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<readonly (readonly Outcome[])[]>();
    this.#waiting.push({ resolve, reject });
    this.#tell({ type: "restore", path });
    await promise;
  }

  async close(): Promise<void> {
    if (this.#failure === undefined) this.#tell({ type: "close" });
    await this.#closed.promise;
  }

  #tell(message: ToWriter): void {
    this.#worker.postMessage(message);
  }

  #answered(message: FromWriter): void {
    if (message.type === "done") {
      this.#waiting.shift()?.resolve(decodeValue(message.outcomes) as readonly (readonly Outcome[])[]);
    } else if (message.type === "failed") this.#waiting.shift()?.reject(fromErrorData(message.error));
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
  // Each in full, so that whoever lays an app out sees them.
  return import.meta.url.endsWith(".ts")
    ? new URL("./worker.ts", import.meta.url)
    : new URL("./worker.js", import.meta.url);
}

function firstAnswer(worker: Worker): Promise<FromWriter> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the writer's thread ended with ${code}`)));
  });
}
