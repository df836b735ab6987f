import { AsyncLocalStorage } from "node:async_hooks";

/** Time and chance that some code has instead of the machine's: that of a program that is run again from its log. */
export interface InnerTime {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  uuid(): string;
  /** Throws: what this code may not use, such as a timer that no log knows of. */
  refuse(what: string): never;
  /** A race of promises begins, by `Promise.race` or `Promise.any`. What it returns is called when that is over. */
  race(promises: readonly unknown[]): () => void;
}

/** Of the running code; nothing where it has the machine's, or its replica's clock. */
export const innerTime = new AsyncLocalStorage<InnerTime | undefined>();
