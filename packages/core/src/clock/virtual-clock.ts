import { Chance } from "./chance.ts";
import type { Timer } from "./clock.ts";
import type { Clockwork } from "./clockwork.ts";
import type { Flushable } from "./end-of-turn.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** The day on which every virtual time begins. */
const BEGINS_ON_MS = Date.UTC(2026, 0, 1);

/** A clock on virtual time, with chance of its own: what one replica draws changes nothing for the others. */
export class VirtualClock implements Clockwork {
  readonly isVirtual = true;
  readonly #time: VirtualTime;
  readonly #chance: Chance;

  constructor(time: VirtualTime, seed: string) {
    this.#time = time;
    this.#chance = new Chance(seed);
  }

  get deadlines(): VirtualTime["deadlines"] {
    return this.#time.deadlines;
  }

  now(): number {
    return this.#time.now();
  }

  wallNow(): number {
    return BEGINS_ON_MS + this.#time.passedMs;
  }

  after(ms: number, run: () => void): Timer {
    return this.#time.after(ms, run);
  }

  every(ms: number, run: () => void): Timer {
    return this.#time.every(ms, run);
  }

  cancel(timer: Timer | undefined): void {
    this.#time.cancel(timer);
  }

  nextTurn(run: () => void): void {
    this.#time.nextTurn(run);
  }

  endOfTurn(flushable: Flushable): void {
    this.#time.ends.add(flushable);
  }

  outside<T>(work: Promise<T>): Promise<T> {
    return work.finally(this.#time.stop());
  }

  random(): number {
    return this.#chance.number();
  }

  uuid(): string {
    const digits = this.#chance.hex(32);
    const variant = ((Number.parseInt(digits.slice(16, 17), 16) & 3) | 8).toString(16);
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`;
  }

  hex(digits: number): string {
    return this.#chance.hex(digits);
  }
}
