import { setTimeout as sleep } from "node:timers/promises";
import { isHadronError } from "@hadron/core";

const PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;

export interface RepeatOptions {
  /** For how long it is begun again. */
  readonly forMs: number;
  readonly signal: AbortSignal;
  /** Which failures another try may mend. @default that nobody was there to do it: UNAVAILABLE, OVERLOADED */
  readonly when?: (error: unknown) => boolean;
}

/**
 * Does something that may be done again until it succeeds, or fails in another way, or the time is over, or the signal
 * aborts. Then throws the last failure as it is.
 */
export async function repeated<T>(work: () => Promise<T>, options: RepeatOptions): Promise<T> {
  const { forMs, signal, when = isAway } = options;
  const until = performance.now() + forMs;
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!when(error) || signal.aborted || performance.now() + pauseMs > until) throw error;
      // Two that failed at once would come back at once: half of the pause is by chance.
      await sleep(pauseMs / 2 + (Math.random() * pauseMs) / 2, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}

function isAway(error: unknown): boolean {
  return isHadronError(error) && (error.code === "UNAVAILABLE" || error.code === "OVERLOADED");
}
