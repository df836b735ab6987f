import type { Batch, StoreDriver } from "../contract/driver.ts";
import type { Operation, Outcome } from "../contract/operations.ts";
import type { TimeSource } from "../contract/store-clock.ts";

/** A batch that waits for the next commit. */
export interface Waiting {
  readonly batch: Batch;
  resolve(outcomes: readonly Outcome[]): void;
  reject(error: unknown): void;
}

/** What was done, and what became of it. */
export type Done = (operation: Operation, outcome: Outcome) => void;

/** What else goes into the commit of these batches, because of them. */
export type Along = (group: readonly Waiting[]) => readonly Waiting[];

/**
 * Group commit: what comes in one turn, or while a commit cannot be followed by the next yet, goes into one, together. So the number of
 * callers does not change how often the disk is waited for.
 */
export class Committer {
  readonly #driver: StoreDriver;
  readonly #time: TimeSource;
  readonly #done: Done;
  readonly #along: Along;
  #waiting: Waiting[] = [];
  #isBusy = false;

  /** `done` is told of each operation, before whoever sent it, and perhaps before the disk has it. */
  constructor(driver: StoreDriver, time: TimeSource, done: Done, along: Along = () => []) {
    this.#driver = driver;
    this.#time = time;
    this.#done = done;
    this.#along = along;
  }

  /** Commits a batch. UNAVAILABLE where that is not known to have happened. */
  commit(batch: Batch): Promise<readonly Outcome[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Outcome[]>();
    this.#waiting.push({ batch, resolve, reject });
    if (!this.#isBusy) {
      this.#isBusy = true;
      // What else came in this turn comes along.
      this.#time.turn(() => this.#next());
    }
    return promise;
  }

  #next(): void {
    const group = this.#waiting;
    this.#waiting = [];
    group.push(...this.#along(group));
    let left = group.length;
    const goOn = () => {
      left = 0;
      if (this.#waiting.length > 0) this.#next();
      else this.#isBusy = false;
    };
    const executed = (index: number, outcomes: readonly Outcome[], mayAnswer: boolean) => {
      const waiting = group[index];
      if (waiting === undefined) return;
      this.#tell(waiting.batch, outcomes);
      if (mayAnswer) waiting.resolve(outcomes);
      if (--left === 0) goOn();
    };
    this.#driver
      .commit(
        group.map(({ batch }) => batch),
        executed,
      )
      .then(
        (all) => {
          const isTold = left === 0;
          for (const [index, { batch, resolve }] of group.entries()) {
            const outcomes = all[index] ?? [];
            if (!isTold) this.#tell(batch, outcomes);
            resolve(outcomes);
          }
          if (!isTold) goOn();
        },
        (error: unknown) => {
          for (const { reject } of group) reject(error);
          if (left > 0) goOn();
        },
      );
  }

  #tell({ operations }: Batch, outcomes: readonly Outcome[]): void {
    for (const [index, operation] of operations.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) this.#done(operation, outcome);
    }
  }
}
