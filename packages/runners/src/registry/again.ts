import { setTimeout as sleep } from "node:timers/promises";
import { HadronError, isHadronError } from "@hadron/core/spi";

/** How long a registry that is in trouble is asked again. */
const MOST_MS = 120_000;
const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** Of answers that may be others a little later: too many requests, and what stands before a registry that is away. */
export function isPassing(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504;
}

/** What `Retry-After` says, in seconds or as a date; undefined where it says nothing. */
export function retryAfterMs(header: string | readonly string[] | undefined, now = Date.now()): number | undefined {
  if (typeof header !== "string") return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/**
 * Does something again while it fails in a way that may pass, for two minutes, after as long as the registry says, and tells so. It
 * has to be something that can be done twice.
 */
export async function again<T>(
  work: () => Promise<T>,
  { signal, step }: { readonly signal: AbortSignal; readonly step: (detail: string) => void },
): Promise<T> {
  const until = performance.now() + MOST_MS;
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isHadronError(error) || !error.retryable || signal.aborted) throw error;
      const waitMs = error.retryAfterMs ?? Math.min(LONGEST_MS, FIRST_MS * 2 ** tries);
      if (performance.now() + waitMs > until) {
        const often = `${error.detail} It was asked ${tries + 1} times in ${MOST_MS / 1000} s, or wants to be asked later than that.`;
        throw new HadronError(error.code, often, { cause: error.cause });
      }
      step(`${error.detail} Asking again in ${Math.ceil(waitMs / 1000)} s`);
      await sleep(waitMs, undefined, { signal });
    }
  }
}
