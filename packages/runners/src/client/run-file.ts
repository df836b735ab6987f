import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { OwnProcess } from "@hadron/core/cli/shared";

/** The app file that a command line begins with, `hadron shop.ts up`, absolute; undefined where it begins with something else. */
export function appFileIn([first]: readonly string[], cwd: string): string | undefined {
  if (first === undefined || !/\.[mc]?[jt]sx?$/.test(first)) return undefined;
  try {
    return realpathSync(resolve(cwd, first));
  } catch {
    return undefined; // No such file: a service may be called so.
  }
}

/**
 * Runs an app file as `npx tsx FILE …` does, and resolves with its exit status. What tsx cannot tell well is told before it is
 * started: a file that does not parse, or imports what is not there, is RUNNER_FAILED with file, line and the code there.
 */
export async function runFile(
  file: string,
  words: readonly string[],
  { cwd, own, signal }: { readonly cwd: string; readonly own: OwnProcess; readonly signal: AbortSignal },
): Promise<number> {
  const { bundle, endEsbuild } = await import("../bundle/index.ts");
  await bundle(file, { signal });
  await endEsbuild();
  const child = spawn(process.execPath, [...loaderFor(file), file, ...words], { cwd, stdio: "inherit" });
  // Ctrl-C reaches it through the terminal; a signal to this process alone has to be passed on.
  const pass = (name: NodeJS.Signals) => void child.kill(name);
  own.on("SIGTERM", pass);
  own.on("SIGHUP", pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status, name) => resolve(status ?? 128 + (name === null ? 0 : constants.signals[name])));
    });
  } finally {
    own.off("SIGTERM", pass);
    own.off("SIGHUP", pass);
  }
}

/** tsx, where the app's project has it; Node's own way with types otherwise. */
function loaderFor(file: string): readonly string[] {
  try {
    return ["--import", pathToFileURL(createRequire(file).resolve("tsx")).href];
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") return [];
    throw error;
  }
}
