import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { HadronError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import type { RunnerModule } from "../../runner.ts";

export const RUNNERS = ["local", "docker", "kubernetes"] as const;

/** WRONG_USE for a runner that there is not. */
export function checkRunnerName(name: string): string {
  if ((RUNNERS as readonly string[]).includes(name)) return name;
  throw new HadronError(
    "WRONG_USE",
    `There is no runner "${name}"; there are ${RUNNERS.join(", ")}.${didYouMean(name, RUNNERS)}`,
  );
}

/**
 * Loads `@hadron/runners/NAME` as the app file would find it, or else as this package does.
 * RUNNER_FAILED, saying how to install it, where neither finds it.
 */
export async function loadRunner(name: string, entry: string): Promise<RunnerModule> {
  const found = resolveRunner(name, entry);
  if (found === undefined) {
    throw new HadronError(
      "RUNNER_FAILED",
      `The ${name} runner is not installed beside ${entry}: npm install @hadron/runners`,
    );
  }
  return (await import(pathToFileURL(found).href)) as RunnerModule;
}

/** The file of a runner's module, or undefined where it is not installed. */
export function resolveRunner(name: string, entry: string): string | undefined {
  for (const from of [entry, import.meta.url]) {
    try {
      return createRequire(from).resolve(`@hadron/runners/${name}`);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The package is there, and has no such runner: another copy of it would be a surprise.
      if (code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return undefined;
      if (code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}
