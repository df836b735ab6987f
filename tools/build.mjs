// Builds the package in the current folder for publishing: src/**/*.ts becomes dist/**/*.js and .d.ts. In the workspace
// nothing is built: sources run as they are.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const name = basename(process.cwd());
const work = join(root, ".build", name);
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const project = join(work, "tsconfig.json");
writeFileSync(
  project,
  JSON.stringify({
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rootDir: root,
      outDir: join(work, "out"),
      typeRoots: [join(root, "node_modules/@types")],
    },
    include: [join(root, "packages", name, "src"), join(root, "packages/*/src/**/*.d.ts")],
    // The shared suites are for tests of this repository: they import the test runner.
    exclude: [join(root, "packages/*/src/**/suite.ts")],
  }),
);
execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", project], { stdio: "inherit" });
const built = join(work, "out/packages", name, "src");
if (!existsSync(built)) throw new Error(`${built} was not built`);
rmSync("dist", { recursive: true, force: true });
cpSync(built, "dist", { recursive: true });
rmSync(work, { recursive: true, force: true });
