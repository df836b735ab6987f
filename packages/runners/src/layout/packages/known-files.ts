import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceOf } from "../files/workspace.ts";
import type { Left } from "./left.ts";
import { type PackageFiles, packageFiles } from "./package-files.ts";

/** What installing writes, whatever it changes. */
const INSTALLED = ["node_modules/.package-lock.json", "node_modules/.modules.yaml", "node_modules/.yarn-state.yml"];
const VERSION = 4;

interface Known {
  readonly files: readonly (readonly [path: string, why: string, state: string])[];
  readonly packages: readonly string[];
}

/**
 * The same as {@link packageFiles}, which takes seconds, from what was found before: as long as nothing was installed since,
 * and every file is as it was. `cache`: the user's folder for what may be made again.
 */
export async function knownPackageFiles(
  roots: readonly string[],
  left: Left,
  appFolder: string,
  { cache, traced }: { readonly cache: string; readonly traced: object },
): Promise<PackageFiles> {
  const workspace = workspaceOf(appFolder);
  const installed = INSTALLED.flatMap((name) => [stateOf(join(workspace, name)), stateOf(join(appFolder, name))]);
  const asked = JSON.stringify([VERSION, appFolder, [...roots].sort(), [...left].sort(), installed]);
  const folder = join(cache, "packages");
  const path = join(folder, `${createHash("sha256").update(asked).digest("hex").slice(0, 32)}.json`);
  const known = read(path);
  if (known?.files.every(([file, , state]) => stateOf(file) === state)) {
    return { files: new Map(known.files.map(([file, why]) => [file, why])), packages: new Set(known.packages) };
  }
  const found = await packageFiles(roots, left, appFolder, traced);
  const files = [...found.files].map(([file, why]) => [file, why, stateOf(file)] as const);
  mkdirSync(folder, { recursive: true });
  // Whole or not at all: others may read it meanwhile.
  writeFileSync(`${path}.${process.pid}`, JSON.stringify({ files, packages: [...found.packages] } satisfies Known));
  renameSync(`${path}.${process.pid}`, path);
  return found;
}

function read(path: string): Known | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Known;
  } catch {
    return undefined; // Not there, or not ours: it is found out again.
  }
}

function stateOf(path: string): string {
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (info === undefined) return "";
  return info.isSymbolicLink()
    ? `-> ${statSync(path, { throwIfNoEntry: false })?.ino}`
    : `${info.size} ${info.mtimeMs}`;
}
