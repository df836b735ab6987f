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

/** What else goes into the commit of these operations, because of them. */
export type Along = (operations: readonly Operation[]) => readonly Waiting[];

/**
 * Group commit: what comes while a commit is made durable goes into the next one, together. So the number of callers does
 * not change how often the disk is waited for.
 */
export class Committer {
  readonly #driver: StoreDriver;
  readonly #time: TimeSource;
  readonly #done: Done;
  readonly #along: Along;
  #waiting: Waiting[] = [];
  #isBusy = false;

  /** `done` is told of each operation, before whoever sent it. */
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

  async #next(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      group.push(...this.#along(group.flatMap(({ batch }) => batch.operations)));
      try {
        const all = await this.#driver.commit(group.map(({ batch }) => batch));
        group.forEach(({ batch, resolve }, index) => {
          const outcomes = all[index] ?? [];
          batch.operations.forEach((operation, position) => {
            const outcome = outcomes[position];
            if (outcome !== undefined) this.#done(operation, outcome);
          });
          resolve(outcomes);
        });
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isBusy = false;
  }
}
