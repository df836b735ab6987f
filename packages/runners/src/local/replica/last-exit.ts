import type { Exit } from "./exit.ts";
import type { Clock } from "./restart-policy.ts";

/** How long after the end of a process its reason still answers "why did this connection break?". */
const FRESH_MS = 2000;
/** Who asks waits for at most 250 ms. */
const WAIT_MS = 200;

/** How the last process of a replica ended, for those who saw a connection break. */
export class LastExit {
  readonly #clock: Clock;
  #last: { readonly at: number; readonly reason: string } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  record({ reason }: Exit): void {
    this.#last = { at: this.#clock.now(), reason };
  }

  /** Why a connection broke, if that is known, or soon will be. `next`: the end of the process that runs, if one does. */
  async because(next: Promise<Exit> | undefined): Promise<string | null> {
    if (this.#fresh() !== null || next === undefined) return this.#fresh();
    const waited = Promise.withResolvers<void>();
    const cancel = this.#clock.after(WAIT_MS, waited.resolve);
    await Promise.race([next, waited.promise]);
    cancel();
    return this.#fresh();
  }

  #fresh(): string | null {
    return this.#last !== undefined && this.#clock.now() - this.#last.at < FRESH_MS ? this.#last.reason : null;
  }
}
