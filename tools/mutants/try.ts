import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A small change of a source, and what became of it. */
export interface Mutant {
  /** Relative to the root. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status:
    | "Killed"
    | "Survived"
    | "Timeout"
    | "NoCoverage"
    | "Ignored"
    | "CompileError"
    | "RuntimeError"
    | "Pending";
  /** Of what was noticed, what the test said. */
  readonly reason?: string;
}

interface Options {
  /** None: all of the package, as \`vitest.mutants.config.ts\` has them. */
  readonly tests: readonly string[];
  /** So many of them alone, drawn by the seed. */
  readonly sample: { readonly size: number; readonly seed: number } | undefined;
  /** The run is stopped after so long, with all that it started. */
  readonly minutes: number | undefined;
  /** Whether Stryker's own account is left out. */
  readonly isQuiet: boolean;
}

/** What was tried, of how many (unknown until the tests have passed on unchanged sources), and how the run ended. */
interface Outcome {
  readonly tried: readonly Mutant[];
  readonly planned: number | undefined;
  readonly end: "done" | "stopped" | "failed";
}

/** Makes the mutants of these files of a package, and runs the tests that reach each of them. */
export async function tryMutants(
  root: string,
  packageName: string,
  files: readonly string[],
  { tests, sample, minutes, isQuiet }: Options,
): Promise<Outcome> {
  const work = join(root, ".build/mutants");
  const lines = join(root, ".build/mutants.ndjson");
  const mutated = join(root, ".build/mutated.json");
  for (const leftover of [work, lines, mutated]) rmSync(leftover, { recursive: true, force: true });
  mkdirSync(join(root, ".build"), { recursive: true });
  // Of its own process group: Stryker starts processes, which would outlive it.
  const words = ["run", "--mutate", files.join(",")];
  if (tests.length > 0) words.push("--testFiles", tests.join(","));
  if (isQuiet) words.push("--reporters", "tried", "--logLevel", "error");
  const stryker = spawn(join(root, "node_modules/.bin/stryker"), words, {
    cwd: root,
    detached: true,
    env: {
      ...process.env,
      MUTANTS_TRIED: lines,
      MUTANTS_FILES: mutated,
      ...(tests.length === 0 ? { MUTANTS_PACKAGE: packageName } : {}),
      ...(sample === undefined ? {} : { MUTANTS_SAMPLE: `${sample.size}`, MUTANTS_SEED: `${sample.seed}` }),
    },
    stdio: ["ignore", isQuiet ? 2 : "inherit", "inherit"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    stryker.once("error", reject);
    stryker.once("exit", resolve);
  });
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    if (stryker.pid !== undefined && stryker.exitCode === null) process.kill(-stryker.pid, "SIGKILL");
  };
  const timer = minutes === undefined ? undefined : setTimeout(stop, minutes * 60_000);
  const interrupted = (signal: NodeJS.Signals) => {
    stop();
    rmSync(work, { recursive: true, force: true });
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  const status = await ended;
  clearTimeout(timer);
  process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  // What is killed leaves its copy of the sources.
  rmSync(work, { recursive: true, force: true });

  const written = existsSync(lines) ? readFileSync(lines, "utf8").split("\n") : [];
  const parsed = written.filter((line) => line.endsWith("}")).map((line) => JSON.parse(line));
  return {
    tried: parsed.filter((line) => "status" in line),
    planned: parsed.find((line) => "planned" in line)?.planned,
    end: isStopped ? "stopped" : status === 0 ? "done" : "failed",
  };
}
