import type { TimeSource } from "../contract/store-clock.ts";

interface Watched {
  endsAt: number;
  stop: () => void;
}

/**
 * Tells when the leases of locks are over for which somebody waits. One timer a lock, however many wait; what is renewed
 * meanwhile, as nearly all are, costs nothing but that.
 */
export class LeaseWatch implements Disposable {
  readonly #time: TimeSource;
  readonly #over: (lock: string) => void;
  readonly #watched = new Map<string, Watched>();

  constructor(time: TimeSource, over: (lock: string) => void) {
    this.#time = time;
    this.#over = over;
  }

  /** Tells of this lock when its lease is over: in so long, unless it is {@link renewed}. */
  watch(lock: string, forMs: number): void {
    if (this.#watched.has(lock)) return;
    const watched = { endsAt: this.#time.now() + Math.max(forMs, 1), stop: () => {} };
    this.#watched.set(lock, watched);
    this.#wait(lock, watched);
  }

  renewed(lock: string, leaseMs: number): void {
    const watched = this.#watched.get(lock);
    if (watched !== undefined) watched.endsAt = this.#time.now() + leaseMs;
  }

  [Symbol.dispose](): void {
    for (const { stop } of this.#watched.values()) stop();
    this.#watched.clear();
  }

  #wait(lock: string, watched: Watched): void {
    watched.stop = this.#time.after(watched.endsAt - this.#time.now(), () => {
      if (watched.endsAt > this.#time.now()) return this.#wait(lock, watched);
      this.#watched.delete(lock);
      this.#over(lock);
    });
  }
}
