import type { Answers, Operation, Outcome, Query } from "./operations.ts";

/** Operations that one client sent together. */
export interface Batch {
  /** Who sends: unique to one life of one process. */
  readonly client: string;
  /** Its batches, counted from 1. The same number again is the same batch: it is not done twice, and answers alike. */
  readonly number: number;
  /** All batches below this are answered, and will not be sent again. */
  readonly settled: number;
  /** Its client, which is in the store's own process, never sends it again: its answer is kept for nobody. @default false */
  readonly isOnce?: boolean;
  readonly operations: readonly Operation[];
}

/**
 * Told of each batch of a commit when it is done: what is done and read later sees it, and a kill of this process does not undo it. A
 * power cut may, so that only what `mayAnswer` can be answered by now.
 */
export type Executed = (index: number, outcomes: readonly Outcome[], mayAnswer: boolean) => void;

/**
 * Where a store keeps what it is told.
 *
 * UNAVAILABLE where a commit is not known to have happened, such as a full disk: nothing of it, or all, is there.
 */
export interface StoreDriver {
  /** How often those who wait look again for what another process did that serves the same data. @default none does */
  readonly pollMs?: number;
  /**
   * Commits all batches together, durably, and gives the outcomes of each. Later calls see what earlier ones did.
   *
   * @param executed Called for each of the batches, or for none, before this resolves: the next commit need not wait any longer.
   */
  commit(batches: readonly Batch[], executed?: Executed): Promise<readonly (readonly Outcome[])[]>;
  /** Sees all that was committed, and answers when that is durable. */
  read<Q extends Query>(query: Q): Answers[Q["kind"]] | Promise<Answers[Q["kind"]]>;
  /** The store's own time, in milliseconds since 1970: it never goes back, and no change of the system's clock moves it. */
  now(): number;
  /** Writes a copy to a file, consistent to a point in time, while work goes on. ALREADY_EXISTS where there is one. */
  backup(path: string): Promise<void>;
  /**
   * Takes what {@link backup} wrote, all or nothing. FAILED_PRECONDITION where something is kept already, the file is none, or a newer
   * version wrote it.
   */
  restore(path: string): Promise<void>;
  close(): Promise<void>;
}
