import { HadronError, type RunContext } from "@hadron/core/spi";

/** How long whoever changes an app waits for another, unless it is told otherwise. */
const WAIT_MS = 60_000;

/**
 * How much longer somebody waits for whoever else changes the same app. One for all runners, so that the rule and the words
 * are the same under each: see {@link Runner}.
 */
export class Patience {
  readonly waitMs: number;
  readonly #subject: string;
  readonly #until: number;

  /** `subject`: the app, in words that begin a sentence. Time counts from here. */
  constructor(subject: string, { waitMs = WAIT_MS }: Pick<RunContext, "waitMs">) {
    this.#subject = subject;
    this.waitMs = waitMs;
    this.#until = performance.now() + waitMs;
  }

  /** RUNNER_FAILED where the time is over. `holder`: what is being done and by whom, e.g. `up by ann@laptop (process 12)`. */
  check(holder: string): void {
    if (performance.now() >= this.#until) throw this.end(holder);
  }

  /** What it fails with. */
  end(holder: string): HadronError {
    const waited = this.waitMs === 0 ? "" : `; it was not done after ${this.waitMs / 1000} s`;
    return new HadronError(
      "RUNNER_FAILED",
      `${this.#subject} is being changed by another command: ${holder}${waited}. Nothing was changed. Try again when that ` +
        "is done, or wait longer with --wait=10m.",
    );
  }
}
