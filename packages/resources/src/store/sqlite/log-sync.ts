import { fdatasync } from "node:fs";
import { HadronError } from "@hadron/core/spi";
import type { Operation, Query } from "../contract/operations.ts";
import type { TimeSource } from "../contract/store-clock.ts";
import { Touched } from "./touched.ts";

/** Has the disk keep a file's bytes for good: all that were written before it is called. */
export type Sync = (done: (error: Error | null) => void) => void;

/** What is not put on disk by itself is, after so long. */
const LATER_MS = 100;

/** Commits that one sync puts on disk. */
class Span {
  readonly touched = new Touched();
  isAwaited = false;
  readonly #done = Promise.withResolvers<void>();
  /** Rejects where the disk did not take them. */
  readonly onDisk = this.#done.promise;

  constructor() {
    // Not everybody waits.
    this.onDisk.catch(() => {});
  }

  end(failure: HadronError | undefined): void {
    if (failure === undefined) this.#done.resolve();
    else this.#done.reject(failure);
  }
}

/**
 * Puts commits on disk while others go on: SQLite writes them into its log and syncs it only around checkpoints (`synchronous=NORMAL`),
 * and this syncs the log behind them, one sync at a time. The log is a chain of checksums, and whoever opens it takes what is whole: so a
 * sync that began after a commit, and ended, kept that commit and all before it, however much was written meanwhile. A checkpoint syncs the
 * log before it writes the database, and the database before the log begins anew, so that what a sync did not reach is on disk all the
 * same. https://sqlite.org/pragma.html#pragma_synchronous, https://sqlite.org/walformat.html
 *
 * A sync that failed is not tried again: the system may have dropped what it could not write, and say that all is well. What was not on
 * disk by then, and all that comes later, fails. https://wiki.postgresql.org/wiki/Fsync_Errors
 */
export class LogSync {
  readonly #sync: Sync;
  readonly #failed: (error: HadronError) => void;
  /** On its way to the disk. */
  #running: Span | undefined;
  /** What was committed since that began. */
  #next: Span | undefined;
  readonly #time: Pick<TimeSource, "after">;
  #stopTimer: (() => void) | undefined;
  #failure: HadronError | undefined;

  constructor(sync: Sync, time: Pick<TimeSource, "after">, failed: (error: HadronError) => void) {
    this.#sync = sync;
    this.#time = time;
    this.#failed = failed;
  }

  /** It kept all that it was told of, so far. */
  get isSound(): boolean {
    return this.#failure === undefined;
  }

  /** Throws where nothing can be kept any more. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** These were committed. Resolves when they are on disk. */
  committed(operations: Iterable<Operation>): Promise<void> {
    this.#next ??= new Span();
    const { touched, onDisk } = this.#next;
    this.#next.isAwaited = true;
    for (const operation of operations) touched.add(operation);
    this.#begin();
    return onDisk;
  }

  /** Something was committed that nobody waits for. */
  committedQuietly(): void {
    this.#next ??= new Span();
    // One that fails is told to whoever opened this.
    this.#stopTimer ??= this.#time.after(LATER_MS, () => void this.flush().catch(() => {}));
  }

  /** Resolves when what a query sees is on disk; undefined: it is. */
  seenBy(query: Query): Promise<void> | undefined {
    this.check();
    if (this.#next?.touched.isSeenBy(query) === true) return this.#next.onDisk;
    return this.#running?.touched.isSeenBy(query) === true ? this.#running.onDisk : undefined;
  }

  /** Resolves when all that was committed is on disk. */
  async flush(): Promise<void> {
    if (this.#next !== undefined) this.#next.isAwaited = true;
    const last = this.#next ?? this.#running;
    this.#begin();
    await last?.onDisk;
  }

  #begin(): void {
    if (this.#running !== undefined || this.#next === undefined || this.#failure !== undefined) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const span = this.#next;
    this.#running = span;
    this.#next = undefined;
    this.#sync((error) => {
      this.#running = undefined;
      if (error === null) {
        span.end(undefined);
        if (this.#next?.isAwaited === true) this.#begin();
      } else this.#fail(span, error);
    });
  }

  #fail(span: Span, error: Error): void {
    const text = `The store's disk did not keep what was written: ${error.message}. Whether it is there is unknown, and the store ends.`;
    this.#failure = new HadronError("UNAVAILABLE", text, { cause: error });
    this.#stopTimer?.();
    span.end(this.#failure);
    this.#next?.end(this.#failure);
    this.#next = undefined;
    this.#failed(this.#failure);
  }
}

/** Syncs a file by its descriptor, in a thread of the system's pool. On macOS Node has the drive itself keep it (F_FULLFSYNC). */
export function syncOf(descriptor: number): Sync {
  return (done) => fdatasync(descriptor, done);
}
