import { Patience } from "../../shared/patience.ts";
import type { Clock } from "../replica/restart-policy.ts";

/** Changes of one app are made one after the other: see `Runner`. */
export class Turns {
  readonly #subject: string;
  readonly #clock: Clock;
  #last: Promise<unknown> = Promise.resolve();
  /** What the last of them is, and by whom. */
  #changing = "";

  /** `subject`: what is changed, in words, for whoever waits in vain. */
  constructor(subject: string, clock: Clock) {
    this.#subject = subject;
    this.#clock = clock;
  }

  /** Does `work` when all that was asked for before is done; who does not come to it within its time is told who is at it. */
  take<T>(doing: string, waitMs: number | undefined, work: () => Promise<T>): Promise<T> {
    const patience = new Patience(this.#subject, { waitMs });
    const impatience = Promise.withResolvers<never>();
    let over = false;
    const stop = this.#clock.after(patience.waitMs, () => {
      over = true;
      impatience.reject(patience.end(this.#changing));
    });
    const next = this.#last.then(() => {
      if (over) return impatience.promise;
      stop();
      this.#changing = doing;
      return work();
    });
    this.#last = next.catch(() => {}); // Whoever asked for it was told.
    return Promise.race([next, impatience.promise]);
  }
}
