import { HadronError } from "@hadron/core/spi";

type Esbuild = typeof import("esbuild");

let loading: Promise<Esbuild> | undefined;

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

/** Ends esbuild's process, for deploying sides that live on. The next bundle starts it anew. */
export async function endEsbuild(): Promise<void> {
  if (loading !== undefined) await (await loading).stop();
}
