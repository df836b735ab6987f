import { setTimeout as sleep } from "node:timers/promises";
import { isHadronError } from "@hadron/core";

const PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;

/**
 * Does something that may be done again until it succeeds: for as long as the failure is that nobody was there to do it
 * (UNAVAILABLE, OVERLOADED), at most `forMs`, and while the signal lives. Then throws the last failure as it is.
 */
export async function repeated<T>(work: () => Promise<T>, options: { forMs: number; signal: AbortSignal }): Promise<T> {
  const { forMs, signal } = options;
  const until = performance.now() + forMs;
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error) || signal.aborted || performance.now() + pauseMs > until) throw error;
      // Both at once would come back at once: half of the pause is by chance.
      await sleep(pauseMs / 2 + (Math.random() * pauseMs) / 2, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}

function isAway(error: unknown): boolean {
  return isHadronError(error) && (error.code === "UNAVAILABLE" || error.code === "OVERLOADED");
}
