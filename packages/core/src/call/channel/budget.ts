/**
 * How many more calls than were asked for may be made: a share of them, and a few to begin with. So retries cannot double
 * an outage. A token bucket, filled by calls instead of time.
 */
export class Budget {
  readonly #share: number;
  readonly #most: number;
  #tokens: number;
  #calls = 0;

  /**
   * @param share Extra calls per call, e.g. 0.1.
   * @param most What can be saved up; it begins full, so that a service that is called rarely has some, too.
   */
  constructor(share: number, most: number) {
    this.#share = share;
    this.#most = most;
    this.#tokens = most;
  }

  /** What is left. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Takes one, where there is one. `calls`: how many were asked for so far, on the whole. */
  spend(calls: number): boolean {
    this.#tokens = Math.min(this.#most, this.#tokens + (calls - this.#calls) * this.#share);
    this.#calls = calls;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
