import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { HadronError } from "@hadron/core";
import { systemCode } from "@hadron/core/spi";
import { Output } from "./output.ts";

/** After it was told to end, before it is ended. */
const FAREWELL_MS = 5000;

/** What a program that ran to its end did. */
export interface ExecResult {
  /** Its exit status; null where a signal ended it. */
  readonly status: number | null;
  /** The signal that ended it. */
  readonly signal: string | null;
  /** As UTF-8. */
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it wrote more than is kept: 1 MiB, of both together. */
  readonly truncated: boolean;
}

export interface ProgramOptions {
  readonly cwd: string | undefined;
  /** Beside the process's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string | Uint8Array | undefined;
  /** Ends it, and what it started: SIGTERM, and SIGKILL after 5 s. */
  readonly signal: AbortSignal;
}

/** Runs a program to its end. FAILED_PRECONDITION where it, or the folder, is not there. */
export async function runProgram(
  [command = "", ...args]: readonly string[],
  { cwd, env, stdin, signal }: ProgramOptions,
): Promise<ExecResult> {
  signal.throwIfAborted();
  // A group of its own: what it started ends with it.
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, detached: true, stdio: "pipe" });
  const output = new Output();
  child.stdout.on("data", (chunk: Buffer) => output.add("stdout", chunk));
  child.stderr.on("data", (chunk: Buffer) => output.add("stderr", chunk));
  // Whoever ends before it has read all of its input does so on purpose.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const stop = () => end(child);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const [status, endedBy] = (await once(child, "close")) as [number | null, string | null];
    signal.throwIfAborted();
    return { status, signal: endedBy, ...output.toTexts() };
  } catch (cause) {
    const code = systemCode(cause);
    if (code !== "ENOENT" && code !== "EACCES" && code !== "ENOTDIR") throw cause;
    const where = cwd === undefined ? "" : `, or the folder ${cwd}`;
    throw new HadronError("FAILED_PRECONDITION", `${command} cannot be run (${code}): it${where} is not there.`, {
      cause,
    });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function end(child: ChildProcess): void {
  kill(child, "SIGTERM");
  const timer = setTimeout(() => kill(child, "SIGKILL"), FAREWELL_MS);
  child.once("close", () => clearTimeout(timer));
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It has ended by itself.
    if (systemCode(error) !== "ESRCH") throw error;
  }
}
