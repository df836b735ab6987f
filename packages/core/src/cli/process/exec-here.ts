import { spawn } from "node:child_process";
import { constants } from "node:os";
import { HadronError } from "../../errors.ts";

/**
 * Runs a program on this terminal until it ends. Ctrl-C is the program's: the terminal sends it to both, and this one waits.
 * WRONG_USE where it is not installed. Its exit status; 128 and the signal's number where a signal ended it.
 */
export async function execHere(
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const child = spawn(program, words, { stdio: "inherit", env: { ...process.env, ...env } });
  const ignore = () => {};
  process.on("SIGINT", ignore);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status, signal) =>
        resolve(signal === null ? (status ?? 1) : 128 + constants.signals[signal]),
      );
    });
  } catch (cause) {
    throw new HadronError("WRONG_USE", `${program} is not installed, or cannot be run.`, { cause });
  } finally {
    process.off("SIGINT", ignore);
  }
}
