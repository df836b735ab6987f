import type { Clock, Timer } from "../../../clock/clock.ts";

const TICK_MS = 250;
/** After 2.5 seconds of silence it is looked into, and after each 2.5 more. */
const LOOK_TICKS = 10;
/** The other side is asked so long before: 1.5 seconds, in which its system must have acknowledged that. */
const ASK_TICKS = 4;
/** Idle so long, a connection is looked after rarely. */
const REST_TICKS = 40;

export interface Beating {
  /** Whether the other side can be gone without anybody saying so. */
  readonly mayVanish: boolean;
  /** Whether an answer is awaited now. */
  readonly waiting: boolean;
  ask(): void;
  /** Nothing came for so long, although it was asked. */
  silent(ms: number): void;
}

/**
 * Finds out that the other side is gone although nobody said so: a host that lost its power, a cable, a firewall that
 * forgot. Silence is counted in ticks, not read off a clock: when this process itself was stopped, one tick is late, and
 * what arrived meanwhile is read before the next.
 *
 * One timer a connection, unreferenced, and slow while nothing is awaited; none where the other side cannot vanish.
 */
export class Heartbeat {
  readonly #of: Beating;
  readonly #restMs: number;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #resting = false;
  #quiet = 0;
  #idle = 0;
  #asked = false;

  /** @param restMs How often an idle connection is asked. */
  constructor(of: Beating, restMs: number, clock: Clock) {
    this.#clock = clock;
    this.#of = of;
    this.#restMs = restMs;
    if (of.mayVanish) this.start();
  }

  /** Begins anew, with a short wait. */
  start(): void {
    this.#resting = false;
    this.#quiet = 0;
    this.#beat(TICK_MS);
  }

  /** Milliseconds since something came, in ticks; 0 while nothing is awaited. */
  get silentMs(): number {
    return this.#quiet * TICK_MS;
  }

  /** Something came. */
  heard(): void {
    this.#quiet = 0;
    this.#asked = false;
  }

  /** A call begins on a connection that was idle. */
  wake(): void {
    if (this.#resting) this.start();
  }

  stop(): void {
    this.#clock.cancel(this.#timer);
  }

  #beat(everyMs: number): void {
    this.stop();
    this.#timer = this.#clock.every(everyMs, () => this.#tick()).unref();
  }

  #tick(): void {
    if (!this.#of.mayVanish) return this.stop();
    if (this.#resting) {
      this.wake();
      this.#idle = 0;
      this.#ask();
      return;
    }
    if (!this.#of.waiting && !this.#asked) {
      this.#quiet = 0;
      if (++this.#idle < REST_TICKS) return;
      this.#idle = 0;
      this.#resting = true;
      this.#beat(this.#restMs);
      return;
    }
    this.#idle = 0;
    const tick = ++this.#quiet % LOOK_TICKS;
    if (tick === ASK_TICKS) this.#ask();
    else if (tick === 0) this.#of.silent(this.silentMs);
  }

  #ask(): void {
    this.#asked = true;
    this.#of.ask();
  }
}
