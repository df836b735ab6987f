// Changes the sources in small ways, one at a time, and says which changes no test notices. Exits 1 below 80 %.
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import minimist from "minimist";

/** Of the mutants that tests could notice, so many in a hundred have to be. */
const ENOUGH_PERCENT = 80;

const HELP = `pnpm mutants [--package=NAME] [--file=PATH] [--changed=BASE] [--minutes=N] [--json]
  --package   the sources of these packages alone; may be given more than once
  --file      these files, or folders, alone; may be given more than once
  --changed   of those, what differs from this commit
  --minutes   stop after so long; what was tried until then is not told
  --json      print the survivors as JSON`;

/** What is changed: sources that tests in one process reach. Engines, clusters and whole processes have suites of their own. */
const MUTATED = [
  "packages/{core,patterns,femto-cpu,resources}/src/**/*.ts",
  "packages/runners/src/{bundle,registry,replica,shared}/**/*.ts",
  "packages/runners/src/{docker,kubernetes,local}/**/plan/**/*.ts",
  "packages/runners/src/kubernetes/{manifests,objects}/**/*.ts",
  "packages/runners/src/docker/{compose,names}/**/*.ts",
];
/** Lists and shared suites, types, and what only whole processes run. */
const LEFT_ALONE = [
  "**/index.ts",
  "**/spi.ts",
  "**/serving.ts",
  "**/types.ts",
  "**/suite.ts",
  "**/suite/**",
  "packages/core/src/run/**",
];

interface Mutant {
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
  readonly location: { readonly start: Position; readonly end: Position };
}
interface Position {
  readonly line: number;
  readonly column: number;
}
/** A change that changes nothing that could be seen. */
interface Equivalent {
  readonly file: string;
  /** The line that is changed, without its indentation. */
  readonly line: string;
  readonly replacement: string;
  readonly why: string;
}

const root = resolve(import.meta.dirname, "..");
const flags = minimist(process.argv.slice(2), {
  string: ["package", "file", "changed", "minutes"],
  boolean: ["json", "help"],
});
if (flags.help) {
  console.log(HELP);
  process.exit(0);
}
const packages = [flags.package ?? []].flat();
const wanted = [flags.file ?? []].flat();

let files = globSync(MUTATED, { cwd: root, exclude: LEFT_ALONE }).sort();
if (packages.length > 0) files = files.filter((file) => packages.includes(file.split("/")[1]));
if (wanted.length > 0)
  files = files.filter((file) => wanted.some((path) => file === path || file.startsWith(`${path}/`)));
if (flags.changed !== undefined) {
  const differing = execFileSync("git", ["diff", "--name-only", "--diff-filter=d", flags.changed], {
    cwd: root,
    encoding: "utf8",
  });
  const changed = new Set(differing.split("\n"));
  files = files.filter((file) => changed.has(file));
}
if (files.length === 0) {
  console.error("No file to change: none of those asked for is among the sources that mutants are made of.");
  process.exit(0);
}

const report = join(root, ".build/mutants.json");
rmSync(report, { force: true });
mkdirSync(join(root, ".build"), { recursive: true });
const { status, error } = spawnSync(join(root, "node_modules/.bin/stryker"), ["run", "--mutate", files.join(",")], {
  cwd: root,
  stdio: ["ignore", flags.json ? "ignore" : "inherit", "inherit"],
  ...(flags.minutes === undefined ? {} : { timeout: Number(flags.minutes) * 60_000 }),
});
if (error !== undefined && "code" in error && error.code === "ETIMEDOUT") {
  console.error(
    `Not done within ${flags.minutes} minutes: run \`pnpm mutants\` for these ${files.length} files without --minutes.`,
  );
  process.exit(0);
}
if (status !== 0) throw new Error(`Stryker ended with ${status}`);

const equivalents = JSON.parse(
  readFileSync(join(root, "tools/mutants/equivalents.json"), "utf8"),
) as readonly Equivalent[];
const results = JSON.parse(readFileSync(report, "utf8")).files as Readonly<
  Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>
>;
const tallies = new Map<string, { noticed: number; unnoticed: number; equivalent: number }>();
const survivors: object[] = [];
for (const [path, { source, mutants }] of Object.entries(results)) {
  const file = relative(root, resolve(root, path));
  const lines = source.split("\n");
  const name = file.split("/")[1] as string;
  const tally = tallies.get(name) ?? { noticed: 0, unnoticed: 0, equivalent: 0 };
  tallies.set(name, tally);
  for (const { mutatorName, replacement = "", status: fate, location } of mutants) {
    const line = (lines[location.start.line - 1] ?? "").trim();
    if (fate === "Killed" || fate === "Timeout") tally.noticed++;
    else if (fate === "Survived" || fate === "NoCoverage") {
      if (equivalents.some((known) => known.file === file && known.line === line && known.replacement === replacement))
        tally.equivalent++;
      else {
        tally.unnoticed++;
        survivors.push({
          file,
          line: location.start.line,
          column: location.start.column,
          fate,
          mutator: mutatorName,
          was: line,
          replacement,
        });
      }
    }
  }
}
if (flags.json) console.log(JSON.stringify(survivors, undefined, 2));
let isEnough = true;
for (const [name, { noticed, unnoticed, equivalent }] of tallies) {
  const all = noticed + unnoticed;
  const percent = all === 0 ? 100 : (100 * noticed) / all;
  if (percent < ENOUGH_PERCENT) isEnough = false;
  console.error(`${name}: ${noticed} of ${all} mutants noticed (${percent.toFixed(1)} %), ${equivalent} equivalent`);
}
process.exitCode = isEnough ? 0 : 1;
