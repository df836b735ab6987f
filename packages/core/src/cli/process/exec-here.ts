import { spawn } from "node:child_process";
import { constants } from "node:os";
import { HadronError } from "../../errors.ts";

/**
 * Runs a program on this terminal until it ends. Ctrl-C is the program's meanwhile, as often as it is typed: the terminal sends it to
 * both, and whoever listens for it in this process hears nothing of it.
 *
 * WRONG_USE where the program is not installed. Its exit status; 128 and the signal's number where a signal ended it.
 */
export async function execHere(
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const listeners = process.listeners("SIGINT");
  for (const listener of listeners) process.off("SIGINT", listener);
  // Without anybody who listens, it would end this process.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  try {
    const child = spawn(program, words, { stdio: "inherit", env: { ...process.env, ...env } });
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status, signal) =>
        resolve(signal === null ? (status ?? 1) : 128 + constants.signals[signal]),
      );
    });
  } catch (cause) {
    throw new HadronError("WRONG_USE", `${program} is not installed, or cannot be run.`, { cause });
  } finally {
    for (const listener of listeners) process.on("SIGINT", listener);
    process.off("SIGINT", ignore);
  }
}
