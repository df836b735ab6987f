import type { Timer } from "./clock.ts";
import type { Clockwork } from "./clockwork.ts";
import { Deadlines } from "./deadlines.ts";
import { EndOfTurn, type Flushable } from "./end-of-turn.ts";

/** Random digits are drawn in bulk: a draw for each call would cost more than its dispatch. */
const DIGITS_DRAWN = 2048;

/** Makes the clock of this machine: its time, its event loop, its chance. */
export function createSystemClock(): Clockwork {
  return new SystemClock();
}

class SystemClock implements Clockwork {
  readonly isVirtual = false;
  readonly deadlines = new Deadlines(this);
  readonly #ends = new EndOfTurn((run) => setImmediate(run));
  #digits = "";
  #used = 0;

  now(): number {
    return performance.now();
  }

  wallNow(): number {
    return Date.now();
  }

  after(ms: number, run: () => void): Timer {
    return setTimeout(run, ms);
  }

  every(ms: number, run: () => void): Timer {
    return setInterval(run, ms);
  }

  cancel(timer: Timer | undefined): void {
    clearTimeout(timer as NodeJS.Timeout | undefined);
  }

  nextTurn(run: () => void): void {
    setImmediate(run);
  }

  endOfTurn(flushable: Flushable): void {
    this.#ends.add(flushable);
  }

  outside<T>(work: Promise<T>): Promise<T> {
    return work;
  }

  random(): number {
    return Math.random();
  }

  uuid(): string {
    return crypto.randomUUID();
  }

  hex(digits: number): string {
    if (this.#used + digits > this.#digits.length) {
      // Loaded when digits are asked for: 1.6 MB, and a tenth of the CPU time of a small replica's start.
      const { randomBytes } = process.getBuiltinModule("node:crypto");
      this.#digits = randomBytes(Math.max(digits, DIGITS_DRAWN) / 2).toString("hex");
      this.#used = 0;
    }
    this.#used += digits;
    return this.#digits.slice(this.#used - digits, this.#used);
  }
}
