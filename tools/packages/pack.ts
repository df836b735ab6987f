import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");

/** Runs the pnpm that runs this process, or the one that the README names. */
export async function pnpm(words: readonly string[], cwd: string, env = process.env): Promise<string> {
  const running = process.env.npm_execpath ?? "";
  const [program, first] = basename(running).startsWith("pnpm.")
    ? [process.execPath, [running]]
    : ["npx", ["-y", "pnpm@10"]];
  const { stdout } = await execute(program, [...first, ...words], { cwd, env, maxBuffer: 1 << 26 });
  return stdout;
}

/**
 * Builds and packs every package as it is published. The paths of the archives, which it puts into the folder.
 *
 * @param env of pnpm and what it starts; `GIT_CONFIG_…` can name another `remote.origin.url` than this clone's
 */
export async function packAll(folder: string, env = process.env): Promise<string[]> {
  await pnpm(["--filter=./packages/*", "--recursive", "pack", "--pack-destination", folder], root, env);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".tgz"))
    .sort()
    .map((name) => join(folder, name));
}
