// Changes the sources in small ways, one at a time, and says which changes no test notices. Exits 1 below 80 %.
import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { resolve } from "node:path";
import minimist from "minimist";
import { judge } from "./mutants/judge.ts";
import { type Mutant, tryMutants } from "./mutants/try.ts";

const HELP = `pnpm mutants [--package=NAME] [--file=PATH] [--changed=BASE] [--tests=PATH] [--sample=N [--seed=N]] [--minutes=N] [--json]
  --package   the sources of these packages alone; may be given more than once
  --file      these files, or folders, alone; may be given more than once
  --changed   of those, the lines that differ from this commit
  --tests     with these tests, or folders of tests, alone: quicker, and says what those notice
  --sample    so many of each package, drawn by chance: what a large package takes hours for is then known within some percent
  --seed      of that chance: the same one draws the same mutants of unchanged sources (1)
  --minutes   stop after so long, and judge by what was tried until then
  --json      print the survivors as JSON`;

/** What is changed: sources that tests in one process reach. Engines, clusters and whole processes have suites of their own. */
const MUTATED = [
  "packages/{core,patterns,femto-cpu,resources,http,durable,platform,wasm}/src/**/*.ts",
  "packages/runners/src/{bundle,registry,replica,shared}/**/*.ts",
  "packages/runners/src/{docker,kubernetes,local}/**/plan/**/*.ts",
  "packages/runners/src/kubernetes/{manifests,objects}/**/*.ts",
  "packages/runners/src/docker/{compose,names}/**/*.ts",
];
/** Lists and shared suites, types, what only whole processes and threads run, and what asks an engine or pushes images. */
const LEFT_ALONE = [
  "packages/runners/src/docker/plan/{base,deployed,desired}.ts",
  "packages/runners/src/kubernetes/plan/build.ts",
  "**/index.ts",
  "**/spi.ts",
  "**/serving.ts",
  "**/types.ts",
  "**/suite.ts",
  "**/suite/**",
  "packages/core/src/run/**",
  "packages/wasm/src/{buffers,guest,wasi,worker}/**",
  "packages/resources/src/database/{client,embedded,keeper}/**",
  "packages/resources/src/store/postgres/**",
];

const root = resolve(import.meta.dirname, "..");
const flags = minimist(process.argv.slice(2), {
  string: ["package", "file", "changed", "tests", "sample", "seed", "minutes"],
  boolean: ["json", "help"],
});
if (flags.help) {
  console.log(HELP);
  process.exit(0);
}
const minutes = readNumber("minutes");
const size = readNumber("sample");
const sample = size === undefined ? undefined : { size, seed: readNumber("seed") ?? 1 };
const packages = [flags.package ?? []].flat();
const wanted = [flags.file ?? []].flat();

let files = globSync(MUTATED, { cwd: root, exclude: LEFT_ALONE }).sort();
if (packages.length > 0) files = files.filter((file) => packages.includes(file.split("/")[1]));
if (wanted.length > 0)
  files = files.filter((file) => wanted.some((path) => file === path || file.startsWith(`${path}/`)));
if (flags.changed !== undefined) files = changedLines(files, flags.changed);
if (files.length === 0) {
  console.error("No mutants: none of the files asked for is among the sources that they are made of.");
  process.exit(0);
}

const tests = [flags.tests ?? []]
  .flat()
  .flatMap((path: string) => (path.endsWith(".ts") ? path : globSync(`${path}/**/*.test.ts`, { cwd: root })));
// The package's own tests are what has to notice a change of it: a run for each package.
const byPackage = Map.groupBy(files, (file) => file.split("/")[1] ?? file);
const until = minutes === undefined ? undefined : Date.now() + minutes * 60_000;
const tried: Mutant[] = [];
for (const [name, changed] of byPackage) {
  const minutesLeft = until === undefined ? undefined : Math.max(0, until - Date.now()) / 60_000;
  const outcome = await tryMutants(root, name, changed, { tests, sample, minutes: minutesLeft, isQuiet: flags.json });
  tried.push(...outcome.tried);
  if (outcome.end === "stopped") {
    console.error(
      outcome.planned === undefined
        ? `${name}: stopped after ${minutes} minutes, before any mutant was tried: the tests of ${changed.length} files take longer.`
        : `${name}: stopped after ${minutes} minutes: ${outcome.tried.length} of ${outcome.planned} mutants were tried.`,
    );
    break;
  }
  if (outcome.end === "failed") {
    console.error(
      `${name}: Stryker gave up after ${outcome.tried.length} mutants; what is above says why. Do the tests pass as it is?`,
    );
    process.exitCode = 1;
  }
}
const { survivors, summary, isEnough } = judge(root, tried, sample !== undefined);
if (flags.json) console.log(JSON.stringify(survivors, undefined, 2));
for (const line of summary) console.error(line);
if (!isEnough) process.exitCode = 1;

/** With the lines that differ, as Stryker takes them: `FILE:FROM-TO`. */
function changedLines(files: readonly string[], base: string): string[] {
  const words = ["diff", "--unified=0", "--diff-filter=d", "--no-color", "--no-ext-diff", base, "--", "packages"];
  const diff = execFileSync("git", words, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 });
  const known = new Set(files);
  return diff.split(/^diff --git .*$/m).flatMap((part) => {
    const file = /^\+\+\+ b\/(.*)$/m.exec(part)?.[1];
    if (file === undefined || !known.has(file)) return [];
    return [...part.matchAll(/^@@ -\S+ \+(\d+)(?:,(\d+))? @@/gm)].flatMap(([, from = "", lines = "1"]) =>
      lines === "0" ? [] : [`${file}:${from}-${Number(from) + Number(lines) - 1}`],
    );
  });
}

function readNumber(name: string): number | undefined {
  const given = flags[name];
  if (given === undefined || Number(given) > 0) return given === undefined ? undefined : Number(given);
  console.error(`--${name}=${given} is no number above 0.\n${HELP}`);
  process.exit(2);
}
