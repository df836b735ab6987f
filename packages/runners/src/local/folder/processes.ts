import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** A process of this machine. */
export interface Process {
  readonly pid: number;
  /** Its command line, in words. */
  readonly command: readonly string[];
}

const isLinux = process.platform === "linux";

/** The processes whose command line has the text in it. */
export function listProcesses(text: string): Promise<readonly Process[]> {
  return isLinux ? readProc(text) : askPs(text);
}

/** Whether a process is gone with all of its files, though its parent may not have asked how it ended. */
export async function hasEnded(pid: number): Promise<boolean> {
  if (isLinux) {
    const [stat, threads] = await Promise.all([readOr(`/proc/${pid}/stat`), namesIn(`/proc/${pid}/task`)]);
    // Its name, in parentheses, may be anything. The first thread can have ended before the others.
    return stat === "" || (/^\) [ZX]/.test(stat.slice(stat.lastIndexOf(")"))) && threads.length <= 1);
  }
  const states = await ps("pid=,stat=");
  const state = states.find((line) => line.startsWith(`${pid} `));
  return state === undefined || state.split(/\s+/)[1]?.startsWith("Z") === true;
}

/** Without a program: small images have no ps. */
async function readProc(text: string): Promise<readonly Process[]> {
  const pids = (await namesIn("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readOr(`/proc/${pid}/cmdline`)));
  return pids.flatMap((pid, at) => {
    const line = lines[at] ?? "";
    return line.includes(text) ? [{ pid: Number(pid), command: line.split("\0").slice(0, -1) }] : [];
  });
}

async function askPs(text: string): Promise<readonly Process[]> {
  return (await ps("pid=,command=")).flatMap((line) => {
    const [, pid, command] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    return command?.includes(text) ? [{ pid: Number(pid), command: command.split(" ") }] : [];
  });
}

async function ps(columns: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)("ps", ["-axww", "-o", columns], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split("\n").map((line) => line.trim());
}

/** "" where the process is gone, or somebody else's. */
async function readOr(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isOutOfReach(error)) return "";
    throw error;
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}

function isOutOfReach(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM";
}
