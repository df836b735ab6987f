import type { Clock, Timer } from "./clock.ts";

/** Something with a deadline, on the clock whose deadlines it is added to. */
export interface Timed {
  readonly deadlineAt: number;
  expire(): void;
}

/** All that is waited for with a deadline on one clock. */
export interface DeadlineList {
  /** How many there are. */
  readonly size: number;
  add(timed: Timed): void;
  /** It is over before its deadline. */
  delete(timed: Timed): void;
}

/** What deadlines need of a clock. */
type Ticking = Pick<Clock, "now" | "every" | "cancel">;

const TICK_MS = 10;

/**
 * One timer for all deadlines of a clock, to the next {@link TICK_MS}: a call has a deadline, hardly any reaches it,
 * and a timer each would cost more than the call (shrunk deadlines share no duration, on which Node's own lists rely).
 * A hashed timing wheel: G. Varghese and A. Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987.
 */
export class Deadlines implements DeadlineList {
  readonly #clock: Ticking;
  readonly #slots = new Map<number, Set<Timed>>();
  #size = 0;
  #timer: Timer | undefined;
  #done = 0;

  constructor(clock: Ticking) {
    this.#clock = clock;
  }

  /** How many deadlines are waited for. */
  get size(): number {
    return this.#size;
  }

  add(timed: Timed): void {
    const slot = slotOf(timed.deadlineAt);
    let set = this.#slots.get(slot);
    if (set === undefined) {
      set = new Set();
      this.#slots.set(slot, set);
    }
    set.add(timed);
    if (slot <= this.#done) this.#done = slot - 1; // Already past: the next tick must look here again.
    if (this.#size++ === 0 && this.#timer === undefined) this.#start();
  }

  delete(timed: Timed): void {
    const slot = slotOf(timed.deadlineAt);
    const set = this.#slots.get(slot);
    if (set?.delete(timed)) {
      this.#size--;
      if (set.size === 0) this.#slots.delete(slot);
    }
  }

  #start(): void {
    this.#done = Math.floor(this.#clock.now() / TICK_MS) - 1;
    // Unreferenced: a deadline alone keeps no process alive; the socket that the answer comes on does.
    this.#timer = this.#clock.every(TICK_MS, () => this.#tick()).unref();
  }

  #tick(): void {
    if (this.#size === 0) {
      this.#clock.cancel(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = Math.floor(this.#clock.now() / TICK_MS);
    const done = this.#done;
    // Before any of them: whoever is told may add a deadline that has passed already, which sets this back.
    this.#done = now;
    // After a long stall, walking the slots that exist is cheaper than walking the ticks that were missed.
    if (now - done > this.#slots.size) {
      for (const slot of [...this.#slots.keys()]) if (slot <= now) this.#expire(slot);
    } else {
      for (let slot = done + 1; slot <= now; slot++) this.#expire(slot);
    }
  }

  #expire(slot: number): void {
    const set = this.#slots.get(slot);
    if (set === undefined) return;
    this.#slots.delete(slot);
    this.#size -= set.size;
    for (const timed of set) timed.expire();
  }
}

function slotOf(deadlineAt: number): number {
  return Math.ceil(deadlineAt / TICK_MS);
}
