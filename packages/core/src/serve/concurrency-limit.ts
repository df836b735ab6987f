import { performance } from "node:perf_hooks";

const WINDOW_MS = 100;
const ENOUGH_CALLS = 10;
/** How long the quickest window counts as what a call takes when nothing is in its way. */
const MEMORY_MS = 30_000;
/** How many times the quickest a call may take while the processor is busy: then calls wait for each other. */
const BUSY_TOLERANCE = 1.5;
/** And while it is not: then something else is slow, or the calls are not alike. */
const IDLE_TOLERANCE = 8;
const BUSY_UTILIZATION = 0.9;
/** Not fewer than this while the processor is not busy. */
const IDLE_LEAST = 16;

/**
 * How many calls may be at work at the same time: begins at the declared limit, and shrinks where more at work only makes
 * each take longer. After the gradient limit of Netflix's concurrency-limits
 * (https://github.com/Netflix/concurrency-limits), itself after TCP Vegas (L. Brakmo and L. Peterson, 1995): the limit is
 * multiplied by how much quicker a call was at best than it is now, and may grow a little each time.
 *
 * It is left alone while fewer than half of it are at work: whatever takes long then, it is not the others.
 */
export class ConcurrencyLimit {
  readonly #most: number;
  #value: number;
  #windowEndsAt = 0;
  #calls = 0;
  #ms = 0;
  #atWork = 0;
  #quickestMs = Number.POSITIVE_INFINITY;
  #quickestBeforeMs = Number.POSITIVE_INFINITY;
  #memoryEndsAt = 0;
  #utilization = performance.eventLoopUtilization();

  constructor(most: number) {
    this.#most = most;
    this.#value = most;
  }

  get value(): number {
    return this.#value;
  }

  /** A call has ended that was at work for `ms`, when `atWork` were, itself included. */
  ended(ms: number, atWork: number, now: number): void {
    this.#calls++;
    this.#ms += ms;
    if (atWork > this.#atWork) this.#atWork = atWork;
    if (now >= this.#windowEndsAt && this.#calls >= ENOUGH_CALLS) this.#update(now);
  }

  #update(now: number): void {
    const meanMs = this.#ms / this.#calls;
    const atWork = this.#atWork;
    this.#calls = this.#ms = this.#atWork = 0;
    this.#windowEndsAt = now + WINDOW_MS;
    const before = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    const busy = performance.eventLoopUtilization(this.#utilization, before).utilization > BUSY_UTILIZATION;
    // Under lasting overload all windows are slow: what was quick must not be forgotten then.
    if (now >= this.#memoryEndsAt && !(busy && this.#value < this.#most)) {
      this.#memoryEndsAt = now + MEMORY_MS;
      this.#quickestBeforeMs = this.#quickestMs;
      this.#quickestMs = Number.POSITIVE_INFINITY;
    }
    this.#quickestMs = Math.min(this.#quickestMs, meanMs);
    if (atWork < this.#value / 2) return;
    const quickestMs = Math.min(this.#quickestMs, this.#quickestBeforeMs);
    const gradient = Math.max(0.5, Math.min(1, ((busy ? BUSY_TOLERANCE : IDLE_TOLERANCE) * quickestMs) / meanMs));
    const grown = this.#value * gradient + (gradient === 1 ? Math.sqrt(this.#value) : 1);
    const least = busy ? 1 : Math.min(IDLE_LEAST, this.#most);
    this.#value = Math.max(least, Math.min(this.#most, Math.floor(grown)));
  }
}
