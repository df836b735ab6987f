import type { Timer } from "../../clock/clock.ts";
import type { Clockwork } from "../../clock/clockwork.ts";

/** How often the event loop is asked how late it is, while calls are at work beside each other. */
const PROBE_MS = 4;
/** A turn of the event loop that takes longer has too many calls in it. */
const TARGET_MS = 8;
/** One that takes no longer has room for more. */
const ROOM_MS = 5;
/** Probing stops after so many probes that had nothing to find. */
const IDLE_PROBES = 250;

/**
 * How many calls may be at work at the same time: begins at the declared limit, and shrinks while the processor is the
 * bottleneck, where more at work only makes each take longer. What it keeps from starting waits, and is not turned away.
 *
 * A gradient limit, as in Netflix's concurrency-limits (https://github.com/Netflix/concurrency-limits), itself after TCP
 * Vegas (L. Brakmo and L. Peterson, 1995): the number at work times how long a turn should take over how long it took.
 * The latency looked at is the event loop's and not the calls': that of calls which wait for something else, or are not
 * alike, says nothing about too many of them.
 */
export class ConcurrencyLimit {
  readonly #clock: Clockwork;
  readonly #most: number;
  readonly #grown: () => void;
  #value: number;
  #step = 1;
  #atWork = 0;
  #mostAtWork = 0;
  #probedAt = 0;
  #cpuAt = 0;
  #idle = 0;
  #timer: Timer | undefined;

  /** @param grown Told when there is more room than before. */
  constructor(most: number, clock: Clockwork, grown: () => void) {
    this.#clock = clock;
    this.#most = most;
    this.#value = most;
    this.#grown = grown;
  }

  get value(): number {
    return this.#value;
  }

  /** How many are at work now. */
  get atWork(): number {
    return this.#atWork;
  }

  get room(): boolean {
    return this.#atWork < this.#value;
  }

  began(): void {
    this.#atWork++;
    if (this.#atWork <= this.#mostAtWork) return;
    this.#mostAtWork = this.#atWork;
    // Virtual time stands still while the processor works: there is no turn that could be late.
    if (this.#atWork > 1 && this.#timer === undefined && !this.#clock.isVirtual) this.#start();
  }

  ended(): void {
    this.#atWork--;
  }

  #start(): void {
    this.#idle = 0;
    this.#probedAt = this.#clock.now();
    this.#cpuAt = threadCpuMs();
    this.#timer = this.#clock.every(PROBE_MS, () => this.#probe()).unref();
  }

  #probe(): void {
    const now = this.#clock.now();
    const cpuMs = threadCpuMs();
    // Only what this thread computed: a turn is as late where others have the processor, and fewer calls would not help.
    const turnMs = Math.min(now - this.#probedAt, cpuMs - this.#cpuAt);
    this.#probedAt = now;
    this.#cpuAt = cpuMs;
    const mostAtWork = this.#mostAtWork;
    this.#mostAtWork = this.#atWork;
    if (turnMs > TARGET_MS && mostAtWork > 0) {
      this.#value = Math.max(1, Math.min(this.#value, Math.floor((mostAtWork * TARGET_MS) / turnMs)));
      this.#step = 1;
    } else if (turnMs <= ROOM_MS && this.#value < this.#most) {
      // Ever larger steps: after a hiccup of this machine the limit is soon where it was.
      this.#value = Math.min(this.#most, this.#value + this.#step);
      this.#step *= 2;
      this.#grown();
    }
    this.#idle = mostAtWork > 1 || this.#value < this.#most ? 0 : this.#idle + 1;
    if (this.#idle < IDLE_PROBES) return;
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
  }
}

/** The processor time of this thread, in milliseconds. */
function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
