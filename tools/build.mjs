// Builds the package in the current folder for publishing: src/**/*.ts becomes dist/**/*.js and .d.ts. In the workspace
// nothing is built: sources run as they are.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const name = basename(process.cwd());
const out = join(root, ".build", name);
rmSync(out, { recursive: true, force: true });
execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", join(root, "tsconfig.build.json"), "--outDir", out], {
  stdio: "inherit",
});
const built = join(out, "packages", name, "src");
if (!existsSync(built)) throw new Error(`${built} was not built`);
rmSync("dist", { recursive: true, force: true });
cpSync(built, "dist", { recursive: true });
rmSync(out, { recursive: true, force: true });
