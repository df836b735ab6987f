import type { Clock, Timer } from "../../../clock/clock.ts";

/** Something that can say that it is still there. */
export interface Quiet {
  /** Whether something was said since this was last asked. */
  spoke(): boolean;
  /** Says so. */
  comment(): void;
}

/**
 * Has streams that have nothing to say send a comment now and then: proxies cut what is silent for long, and a caller that
 * vanished is found by it. One timer for all, and none while nothing streams.
 *
 * "Authors can include a comment line every 15 seconds or so": https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #streams = new Set<Quiet>();
  #timer: Timer | undefined;

  /** @param everyMs The longest silence of a stream. */
  constructor(everyMs: number, clock: Clock) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  add(stream: Quiet): void {
    this.#streams.add(stream);
    // Whoever spoke just after one tick is asked at the next, and commented for at the one after that.
    this.#timer ??= this.#clock.every(this.#everyMs / 2, () => this.#tick()).unref();
  }

  delete(stream: Quiet): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return;
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    for (const stream of this.#streams) if (!stream.spoke()) stream.comment();
  }
}
