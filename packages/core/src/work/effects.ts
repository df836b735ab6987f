import type { Resource } from "../declare/resource.ts";

/** The name of how a resource keeps effects of work once. */
export const effects: unique symbol = Symbol.for("dev.hadron.effects") as never;

/** A resource in whose transactions work has its effects once, however often it comes, such as a database. */
export interface Transactional<X> extends Resource {
  readonly [effects]: Effects<X>;
}

/** Names work: no two of all that ever comes have the same number and time. */
export interface WorkKey {
  readonly number: number;
  /** When it came to be, in milliseconds since 1970. */
  readonly at: number;
  /** Where it comes from, e.g. a queue. */
  readonly source: string;
}

/** Keeps effects of work, and what it was the effect of, in one transaction. */
export interface Effects<X> {
  /**
   * Does work in a transaction, unless the effects of this very work are there already: then nothing. What it throws is thrown,
   * and nothing of it is kept.
   *
   * @param mostMs So long the work takes at most: a transaction that rests longer is ended by the server.
   */
  once(key: WorkKey, mostMs: number, work: (transaction: X) => Promise<unknown>): Promise<void>;
  /** Work of a source whose effects are known, in the order of its numbers, from behind one. */
  known(source: string, page: { readonly after: number; readonly most: number }): Promise<readonly WorkKey[]>;
  /** It cannot come again. */
  forget(keys: readonly WorkKey[]): Promise<void>;
}
