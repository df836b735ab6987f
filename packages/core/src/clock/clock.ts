/** A timer that runs: those of Node fit. */
export interface Timer {
  /** Lets the process end although it runs. */
  unref(): Timer;
}

/**
 * Time and chance, as code that runs in a replica may ask for them. A test can give others than those of the machine:
 * see `time: "virtual"` of `start`.
 */
export interface Clock {
  /** Milliseconds since some moment: never set, never back. For durations and deadlines. */
  now(): number;
  /** Milliseconds since 1970-01-01 UTC, as this machine believes; may be set. For what people and other machines read. */
  wallNow(): number;
  /** Calls back once, after so many milliseconds. The timer keeps the process alive until then, unless it is told not to. */
  after(ms: number, run: () => void): Timer;
  /** Calls back again and again. */
  every(ms: number, run: () => void): Timer;
  /** Stops a timer. Safe to call twice, after it has run, and where there is none. */
  cancel(timer: Timer | undefined): void;
  /**
   * What something outside of this process is asked, such as a database: a test's virtual time stands still until it has
   * answered. With the machine's time, just the promise.
   */
  outside<T>(work: Promise<T>): Promise<T>;
  /** From 0 to below 1. No secret can be made of it. */
  random(): number;
  /** A random UUID, version 4. */
  uuid(): string;
}
