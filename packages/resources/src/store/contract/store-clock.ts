import type { Clock, Clockwork } from "@hadron/core/spi";

/** Where time comes from: the system, or a test. */
export interface TimeSource {
  /** Milliseconds on a clock that nothing moves. */
  now(): number;
  /** Milliseconds since 1970, as the system has it. */
  wallNow(): number;
  /** Calls back after so long, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back when what is at hand has been dealt with. */
  turn(callback: () => void): void;
}

/**
 * The time of a store. It begins with the system's, or with the last time that the store had written, whichever is later,
 * and goes on by a clock that nothing moves: a lease is neither cut short nor made longer by a host that corrects its clock.
 */
export class StoreClock {
  readonly #source: TimeSource;
  readonly #offset: number;

  constructor(source: TimeSource, lastWritten: number) {
    this.#source = source;
    this.#offset = Math.max(source.wallNow(), lastWritten) - source.now();
  }

  now(): number {
    return Math.floor(this.#source.now() + this.#offset);
  }
}

/** A clock as the store goes by it. */
export function toTimeSource(clock: Clock): TimeSource {
  return {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    after(ms, callback) {
      const timer = clock.after(ms, callback);
      return () => clock.cancel(timer);
    },
    turn: isClockwork(clock) ? (callback) => clock.nextTurn(callback) : (callback) => void clock.after(0, callback),
  };
}

/** A replica's own clock tells turns, too. */
function isClockwork(clock: Clock): clock is Clockwork {
  return "nextTurn" in clock;
}
