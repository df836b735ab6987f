import type { Timer } from "../../src/clock/clock.ts";
import type { Clockwork } from "../../src/clock/clockwork.ts";
import { Deadlines } from "../../src/clock/deadlines.ts";
import type { Flushable } from "../../src/clock/end-of-turn.ts";

/** A clock that a test moves: time stands still, and no turn comes, unless it says so. */
export class ManualClock implements Clockwork {
  readonly isVirtual = false;
  readonly deadlines = new Deadlines(this);
  #now = 1000;
  readonly #turns: (() => void)[] = [];
  readonly #ticks = new Map<Timer, { readonly run: () => void; readonly everyMs: number; dueAt: number }>();

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now;
  }

  /** Time passes, and no timer is looked at: as while a handler keeps the processor busy. */
  busy(ms: number): void {
    this.#now += ms;
  }

  /** Time passes, tick by tick. */
  pass(ms: number): void {
    for (const end = this.#now + ms; this.#now < end; ) {
      this.#now++;
      for (const tick of [...this.#ticks.values()]) {
        if (tick.dueAt > this.#now) continue;
        tick.dueAt = this.#now + tick.everyMs;
        tick.run();
      }
    }
  }

  /** Runs what waits for the next turn, once those who ask for it have done so. */
  async turn(): Promise<void> {
    for (let microtask = 0; microtask < 10; microtask++) await Promise.resolve();
    for (const run of this.#turns.splice(0)) run();
  }

  after(ms: number, run: () => void): Timer {
    const timer = this.every(ms, () => {
      this.cancel(timer);
      run();
    });
    return timer;
  }

  every(ms: number, run: () => void): Timer {
    const timer: Timer = { unref: () => timer };
    this.#ticks.set(timer, { run, everyMs: ms, dueAt: this.#now + ms });
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    if (timer !== undefined) this.#ticks.delete(timer);
  }

  nextTurn(run: () => void): void {
    this.#turns.push(run);
  }

  endOfTurn(flushable: Flushable): void {
    this.#turns.push(() => flushable.flush());
  }

  outside<T>(work: Promise<T>): Promise<T> {
    return work;
  }

  random(): number {
    return 0.5;
  }

  uuid(): string {
    return "00000000-0000-4000-8000-000000000000";
  }

  hex(digits: number): string {
    return "0".repeat(digits);
  }
}
