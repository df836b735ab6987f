import type { Context } from "@hadron/core";
import { HadronError } from "@hadron/core/spi";

/** What a handler knows whose work several calls wait for: nothing of any one of them. */
export interface SharedContext extends Pick<Context, "log" | "replica" | "clock"> {
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Those who wait for one piece of work: it is given up when all of them are gone. */
export class Waiters {
  readonly #gone = new AbortController();
  #waiting = 0;

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** One more waits, as long as its call lasts. */
  add(signal: AbortSignal): void {
    this.#waiting++;
    const leave = () => {
      if (--this.#waiting === 0) this.#gone.abort(signal.reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  }
}

/** Checks milliseconds. */
export function checkMs(of: string, option: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new HadronError("INVALID_DECLARATION", `${of}: ${option} is ${value}, and should be milliseconds, from 0.`);
}

/** Checks a count. */
export function checkCount(of: string, option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new HadronError("INVALID_DECLARATION", `${of}: ${option} is ${value}, and should be a whole number from 1.`);
}

/** Checks that what is wrapped is a handler. */
export function checkHandler(of: string, handler: unknown): void {
  if (typeof handler === "function") return;
  throw new HadronError(
    "INVALID_DECLARATION",
    `${of}(handler, options): the handler is ${typeof handler}, and should be a function.`,
  );
}
