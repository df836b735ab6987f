import type { Clock } from "./restart-policy.ts";

/** How often a process is asked within the time. */
const ASKS = 6;

export interface HangWatchOptions {
  readonly hangMs: number;
  readonly clock: Clock;
  /** Asks the process for anything at all. */
  readonly ask: () => void;
  /** It has answered nothing for so long. */
  readonly hangs: () => void;
}

/**
 * Asks a process again and again whether it is there. Questions are counted, not time: where this process itself was stopped, one
 * question has gone unanswered, however long that was.
 */
export class HangWatch {
  readonly #options: HangWatchOptions;
  #unanswered = 0;
  #cancel: () => void = () => {};

  constructor(options: HangWatchOptions) {
    this.#options = options;
    this.#askLater();
  }

  /** It said something. */
  heard(): void {
    this.#unanswered = 0;
  }

  stop(): void {
    this.#cancel();
  }

  #askLater(): void {
    const { clock, hangMs, ask, hangs } = this.#options;
    this.#cancel = clock.after(hangMs / ASKS, () => {
      if (this.#unanswered >= ASKS) return hangs();
      this.#unanswered++;
      ask();
      this.#askLater();
    });
  }
}
