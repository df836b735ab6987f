/**
 * Runs all benches, or those whose path contains one of the words given: see README.md.
 *
 *   tsx bench/index.ts [NAME…]
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

/** A bench keeps to a minute; one that takes twice as long hangs. */
const LIMIT_MS = 120_000;

const folder = import.meta.dirname;
const words = process.argv.slice(2);
const all = globSync("*/*.bench.ts", { cwd: folder }).sort();
const chosen = words.length === 0 ? all : all.filter((path) => words.some((word) => path.includes(word)));
if (chosen.length === 0) {
  console.error(
    `No bench has ${words.join(" or ")} in its path. There are:\n${all.map((path) => `  ${path}`).join("\n")}`,
  );
  process.exit(2);
}

let current: number | undefined;
let stopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopped = true;
    process.exitCode = signal === "SIGINT" ? 130 : 143;
    if (current !== undefined) end(current);
  });
}

const broken: string[] = [];
for (const path of chosen) {
  if (stopped) break;
  console.log(`\n### ${path.replace(/\.bench\.ts$/, "")}\n`);
  const problem = await runBench(path);
  if (problem !== undefined && !stopped) {
    broken.push(path);
    console.error(`bench/${path}: ${problem}`);
  }
}
if (broken.length > 0) {
  console.error(`\n${broken.length} of ${chosen.length} benches broke: ${broken.join(", ")}`);
  process.exitCode = 1;
}

/** Runs one to its end; returns what went wrong, if anything did. */
function runBench(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    // A process group of its own, so that all that it started can be ended with it.
    const child = spawn(process.execPath, [join(folder, path)], {
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
    });
    current = child.pid;
    const late = setTimeout(() => {
      end(child.pid!);
      resolve(`ended after ${LIMIT_MS / 1000} s`);
    }, LIMIT_MS);
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => {
      clearTimeout(late);
      current = undefined;
      signalGroup(child.pid!, "SIGKILL");
      resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

function end(pid: number): void {
  signalGroup(pid, "SIGTERM");
  setTimeout(() => signalGroup(pid, "SIGKILL"), 5000).unref();
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // Nobody of it is left: as wanted.
  }
}
