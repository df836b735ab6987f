/** Time and chance, as tests give them. */
export interface Clock {
  now(): number;
  /** Calls back once; the returned function stops it. */
  after(delayMs: number, then: () => void): () => void;
  random(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, then) {
    const timer = setTimeout(then, delayMs);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** So many deaths within so long, and it is not started again. */
export const GIVE_UP_DEATHS = 5;
const GIVE_UP_WITHIN_MS = 60_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5000;

/** When a replica that died is started again. */
export class RestartPolicy {
  readonly #clock: Clock;
  #deaths: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a death, and says how long to wait; undefined: it is not started again. */
  died(): number | undefined {
    const now = this.#clock.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < GIVE_UP_WITHIN_MS), now];
    if (this.#deaths.length >= GIVE_UP_DEATHS) return undefined;
    const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#deaths.length - 1));
    // Half of it by chance: replicas that died together of one cause should not come back together.
    return longest / 2 + (longest / 2) * this.#clock.random();
  }
}
