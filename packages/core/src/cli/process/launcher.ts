import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { systemCode } from "../../errors.ts";

/** A process as it stands in the system's table. */
export interface ProcessEntry {
  readonly parent: number;
  /** Its program and arguments, joined by spaces. */
  readonly command: string;
}

/** The system's processes. undefined: it is not there (any more). */
export type ProcessTable = (pid: number) => ProcessEntry | undefined;

const LOOK_MS = 500;

/** tsx, and the scripts in node_modules/.bin that start it. */
const STARTS_US = /\/tsx\/dist\/|\/node_modules\/\.bin\//;
const SHELL = /^(?:\S*\/)?(?:ba|da|z)?sh -c /;
const PACKAGE_MANAGER = /^(?:\S*\/)?(?:npm|npx|pnpm|yarn|bunx?)(?:\s|$)|\/(?:npm|npx)-cli\.js|\/(?:pnpm|yarn)\.c?js/;

/**
 * Calls `gone` when a process through which this one was started has gone, and this one was not told: SIGTERM to npx ends
 * a shell between it and us, SIGKILL to tsx ends just tsx, and what was started would run on with nobody to end it.
 *
 * Only npx, tsx and the like are looked at: a shell that the user left is no reason to end.
 */
export async function watchLauncher(gone: () => void): Promise<Disposable> {
  const first = process.ppid;
  const table = process.platform === "linux" ? readProc : await readPs();
  const launchers = findLaunchers(first, table);
  const timer = setInterval(() => {
    if (launchers.length === 0 || (process.ppid === first && launchers.every(isThere))) return;
    clearInterval(timer);
    gone();
  }, LOOK_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The processes from `pid` upwards that only pass on what the user typed. */
export function findLaunchers(pid: number, table: ProcessTable): readonly number[] {
  const found: number[] = [];
  let shells: number[] = [];
  for (let at = pid; at > 1; ) {
    const entry = table(at);
    if (entry === undefined) break;
    const { command, parent } = entry;
    if (PACKAGE_MANAGER.test(command) || STARTS_US.test(command)) {
      found.push(...shells, at);
      shells = [];
    } else if (SHELL.test(command)) {
      shells.push(at); // A package manager's, if there is one above it; else the user's.
    } else {
      break;
    }
    at = parent;
  }
  return found;
}

function isThere(pid: number): boolean {
  if (process.platform === "linux") return readProc(pid) !== undefined;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

function readProc(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { parent: Number(parent), command };
  } catch {
    return undefined; // It has gone while it was read.
  }
}

async function readPs(): Promise<ProcessTable> {
  const text = await new Promise<string>((resolve) => {
    // Where there is no ps, nothing is known, and nothing is watched.
    execFile("ps", ["-axo", "pid=,ppid=,command="], (_, stdout) => resolve(stdout));
  });
  const entries = text.split("\n").flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return command === undefined ? [] : [[Number(pid), { parent: Number(parent), command }] as const];
  });
  const table = new Map(entries);
  return (pid) => table.get(pid);
}
