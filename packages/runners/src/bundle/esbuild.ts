import { HadronError } from "@hadron/core/spi";

export type Esbuild = typeof import("esbuild");

// As esbuild's own process is: one for all, however many bundles are made at once.
let loading: Promise<Esbuild> | undefined;
let working = 0;

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Loads esbuild when it is first needed, and starts its process. Call it early and drop the promise to have both done
 * while something else is waited for. RUNNER_FAILED where it cannot be loaded.
 */
export function loadEsbuild(): Promise<Esbuild> {
  loading ??= import("esbuild").then(
    (esbuild) => esbuild,
    (cause: unknown) => {
      throw new HadronError(
        "RUNNER_FAILED",
        `esbuild, which bundles the app, cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}. ` +
          "Install again, with install scripts allowed for esbuild.",
        { cause },
      );
    },
  );
  return loading;
}

/** Does something with esbuild, whose process is not ended meanwhile. */
export async function withEsbuild<T>(work: (esbuild: Esbuild) => Promise<T>): Promise<T> {
  working++;
  // esbuild keeps this process alive by its own process alone, not by the pipe through which it is answered. Ctrl-C ends
  // that one, too: then nothing would be left to wait for, and this process would end before it hears of it.
  const alive = setInterval(() => {}, LONGEST_TIMER_MS);
  try {
    return await work(await loadEsbuild());
  } finally {
    clearInterval(alive);
    working--;
  }
}

/** Ends esbuild's process, if nobody uses it, for deploying sides that live on. The next bundle starts it anew. */
export async function endEsbuild(): Promise<void> {
  if (loading === undefined) return;
  const esbuild = await loading;
  if (working === 0) await esbuild.stop();
}
