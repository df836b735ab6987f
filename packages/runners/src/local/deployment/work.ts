import type { Progress } from "@hadron/core/spi";

/** How an operation is told to stop, and tells how far it is. */
export interface Work {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** See {@link RunContext}. */
  readonly waitMs?: number | undefined;
}
