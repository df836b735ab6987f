/** A promise of a message. */
interface Waiting {
  readonly promise: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: Error): void;
  isSettled: boolean;
  /** How many times it was handed out, less the races that it lost. */
  claims: number;
}

/** To those promises that may lose a race and go on. */
const waitings = new WeakMap<object, Waiting>();

/**
 * The messages of one hook, in their order. While its promise is pending, whoever asks gets the same one; one that lost all
 * its races keeps its message for whoever asks next. So no message is swallowed.
 */
export class Mailbox {
  readonly #messages: { readonly value: unknown; readonly kept: Uint8Array }[] = [];
  #waiting: Waiting | undefined;
  /** The message that whoever waited lost with a race. */
  #lost: Uint8Array | undefined;

  /** What nobody has taken, as it is kept. */
  get unread(): readonly Uint8Array[] {
    return [...(this.#lost === undefined ? [] : [this.#lost]), ...this.#messages.map(({ kept }) => kept)];
  }

  /** Whether somebody has asked for a message that is not there yet. */
  get isAwaited(): boolean {
    return this.#waiting?.isSettled === false;
  }

  /** The promise that is handed out next, where there is one already. */
  take(): Promise<unknown> | undefined {
    if (this.#waiting !== undefined) {
      const waiting = this.#waiting;
      waiting.claims++;
      if (waiting.isSettled) {
        this.#waiting = undefined;
        this.#lost = undefined;
      }
      return waiting.promise;
    }
    const next = this.#messages.shift();
    return next === undefined ? undefined : Promise.resolve(next.value);
  }

  /** Somebody asks for a message that is not there yet. */
  wait(): Promise<unknown> {
    const waiting: Waiting = { ...Promise.withResolvers<unknown>(), isSettled: false, claims: 1 };
    waiting.promise.catch(() => {});
    waitings.set(waiting.promise, waiting);
    this.#waiting = waiting;
    return waiting.promise;
  }

  /** A message has come: `kept` as the log has it. */
  put(value: unknown, kept: Uint8Array): void {
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.isSettled) {
      this.#messages.push({ value, kept });
      return;
    }
    waiting.isSettled = true;
    if (waiting.claims > 0) this.#waiting = undefined;
    else this.#lost = kept;
    waiting.resolve(value);
  }

  /** Whoever waits is told that there will be none. */
  fail(error: Error): void {
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.isSettled) return;
    waiting.isSettled = true;
    this.#waiting = undefined;
    waiting.reject(error);
  }
}

/** A race is over: of its promises, those of messages that had not come are not waited for any more. */
export function loseRace(promises: readonly unknown[]): void {
  for (const promise of promises) {
    const waiting = typeof promise === "object" && promise !== null ? waitings.get(promise) : undefined;
    if (waiting !== undefined && !waiting.isSettled) waiting.claims = Math.max(0, waiting.claims - 1);
  }
}

/** A race begins: who lost one before is waited for again. */
export function enterRace(promises: readonly unknown[]): void {
  for (const promise of promises) {
    const waiting = typeof promise === "object" && promise !== null ? waitings.get(promise) : undefined;
    if (waiting?.isSettled === false && waiting.claims === 0) waiting.claims = 1;
  }
}
