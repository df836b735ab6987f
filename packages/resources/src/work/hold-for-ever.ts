import { isHadronError } from "@hadron/core/spi";
import type { StoreClient } from "../client/store-client.ts";
import { type Hold, LockHandle } from "../lock/lock.ts";

/** So long one question for the lock waits in the store: it is woken when the lock is free, and asks no more meanwhile. */
const WAIT_MS = 3_600_000;
/** After work that failed, or was over, before anybody is elected anew. */
const PAUSE_MS = 1000;

export interface ForEverOptions {
  readonly store: StoreClient;
  readonly lock: string;
  readonly leaseMs: number;
  /** Ends it, and aborts the work's signal. */
  readonly signal: AbortSignal;
  work(hold: Hold): Promise<unknown>;
  /** Resolves when there may be work: so long the lock is left to itself. @default at once */
  ready?(): Promise<void>;
  /** Told of work that failed. */
  failed(error: unknown): void;
}

/** Does some work whenever this is the one that holds a lock, until it is told to stop. Never rejects. */
export async function holdForEver(options: ForEverOptions): Promise<void> {
  const { store, lock, leaseMs, signal, work, failed } = options;
  const handle = new LockHandle({ name: lock, leaseMs }, () => store);
  while (!signal.aborted) {
    let held = false;
    try {
      await options.ready?.();
      if (signal.aborted) return;
      await handle.hold(
        (hold) => {
          held = true;
          return work(hold);
        },
        { waitMs: WAIT_MS, signal },
      );
    } catch (error) {
      // Another holds it, or nobody knows: that is no failure of the work.
      if (held && !signal.aborted) failed(error);
      else if (!signal.aborted && !(isHadronError(error) && error.code === "ABORTED")) failed(error);
      if (!held && isHadronError(error) && error.code === "ABORTED") continue;
    }
    await pause(store, PAUSE_MS, signal);
  }
}

/** Resolves after a while, or when the signal aborts. */
export function pause({ time }: Pick<StoreClient, "time">, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const over = () => {
      stop();
      signal.removeEventListener("abort", over);
      resolve();
    };
    const stop = time.after(ms, over);
    signal.addEventListener("abort", over, { once: true });
  });
}
