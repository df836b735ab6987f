import type { TimeSource } from "../store-clock.ts";

/** Time that a test moves. */
export class TestTime implements TimeSource {
  #now = 0;
  #wall = Date.UTC(2030, 0, 1);
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wall;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Chance without surprises. */
  random(): number {
    return 0.5;
  }

  turn(callback: () => void): void {
    setImmediate(callback);
  }

  /** Timers that nobody took back. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on, and calls back what is due on the way. */
  advance(ms: number): void {
    this.#now += ms;
    this.#wall += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }

  /** Somebody sets the system's clock. */
  setWall(ms: number): void {
    this.#wall += ms;
  }
}
