import type { LogEvent } from "../log/events.ts";

/** Where a run's events are kept. */
export interface Journal {
  /**
   * Appends events durably, all or none. Rejects where this process no longer owns the run, or nobody knows whether they
   * were appended: then the run is dropped here, and goes on from what its log says.
   */
  append(events: readonly LogEvent[]): Promise<void>;
}

/**
 * Events on their way to the journal: those that come while it is at work go with the next append, together. So the intent
 * of a step shares the commit of the outcome before it.
 */
export class Writing {
  readonly #journal: Journal;
  readonly #written: (event: LogEvent) => void;
  readonly #failed: (error: unknown) => void;
  #events: LogEvent[] = [];
  #isBusy = false;
  #waiting: (() => void)[] = [];

  /** @param written Told of each event, in their order, once it is kept. @param failed Nothing more is written. */
  constructor(journal: Journal, written: (event: LogEvent) => void, failed: (error: unknown) => void) {
    this.#journal = journal;
    this.#written = written;
    this.#failed = failed;
  }

  /** Whether all is kept. */
  get isIdle(): boolean {
    return !this.#isBusy && this.#events.length === 0;
  }

  /** Resolves when all is kept that was given to the journal; not where that fails. */
  idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  add(event: LogEvent): void {
    this.#events.push(event);
  }

  flush(): void {
    if (this.#isBusy || this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    this.#isBusy = true;
    this.#journal.append(events).then(
      () => {
        this.#isBusy = false;
        for (const event of events) this.#written(event);
        this.flush();
        if (this.isIdle) for (const resolve of this.#waiting.splice(0)) resolve();
      },
      (error) => this.#failed(error),
    );
  }

  /** What was not given to the journal is not kept. */
  stop(): void {
    this.#events = [];
    this.#isBusy = true;
  }
}
