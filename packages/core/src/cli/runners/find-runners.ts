import { readdirSync, readFileSync } from "node:fs";
import { createRequire, findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A runner that is installed: the files of its two modules. */
export interface FoundRunner {
  readonly name: string;
  /** The file of its `RunnerModule`. */
  readonly module: string;
  /** The file of its `RunnerPlaces`. */
  readonly places: string;
}

/** The package of our own runners: each is a subpath export `./NAME` that has a `./NAME/places` beside it. */
const OWN_PACKAGE = "@hadron/runners";
/** Anybody's: a package of this name, with a scope or without. */
const ANYBODYS_PACKAGE = /^hadron-runner-([a-z0-9][a-z0-9-]*)$/;

/**
 * The runners that code at `from` (a path or a file URL) would find: those of `@hadron/runners` in the order of its
 * exports, then every package `hadron-runner-NAME` or `@scope/hadron-runner-NAME` in a `node_modules` above it.
 */
export function findRunners(from: string): FoundRunner[] {
  return [...ownRunners(from), ...anybodysRunners(from)];
}

/** The same for one name, without looking through folders where it is one of our own. */
export function findRunner(name: string, from: string): FoundRunner | undefined {
  return toRunner(name, OWN_PACKAGE, `/${name}`, from) ?? anybodysRunners(from).find((runner) => runner.name === name);
}

function ownRunners(from: string): FoundRunner[] {
  return ownNames(from).flatMap((name) => toRunner(name, OWN_PACKAGE, `/${name}`, from) ?? []);
}

function ownNames(from: string): string[] {
  let file: string | undefined;
  try {
    file = findPackageJSON(OWN_PACKAGE, from);
  } catch (error) {
    if (codeOf(error) !== "ERR_MODULE_NOT_FOUND") throw error;
  }
  if (file === undefined) return [];
  const { exports = {} }: { exports?: object } = JSON.parse(readFileSync(file, "utf8"));
  return Object.keys(exports).flatMap((subpath) => /^\.\/([a-z0-9][a-z0-9-]*)$/.exec(subpath)?.[1] ?? []);
}

function anybodysRunners(from: string): FoundRunner[] {
  const found = new Map<string, FoundRunner>();
  for (const folder of packageFolders(from)) {
    for (const name of packagesIn(folder)) {
      const runner = ANYBODYS_PACKAGE.exec(name.slice(name.indexOf("/") + 1))?.[1];
      if (runner === undefined || found.has(runner)) continue;
      const resolved = toRunner(runner, name, "", from);
      if (resolved !== undefined) found.set(runner, resolved);
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Every folder of packages that Node would look in, from the nearest outwards. */
function packageFolders(from: string): string[] {
  const folders: string[] = [];
  let at = dirname(from.startsWith("file:") ? fileURLToPath(from) : from);
  for (;;) {
    folders.push(join(at, "node_modules"));
    const above = dirname(at);
    if (above === at) return folders;
    at = above;
  }
}

function packagesIn(folder: string): string[] {
  return namesIn(folder).flatMap((name) =>
    name.startsWith("@") ? namesIn(join(folder, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // There is none, or none that may be read: nothing can be imported from it either.
  }
}

/** undefined where the package is not there, or has no runner of that name. */
function toRunner(name: string, packageName: string, subpath: string, from: string): FoundRunner | undefined {
  try {
    const { resolve } = createRequire(from);
    return { name, places: resolve(`${packageName}${subpath}/places`), module: resolve(`${packageName}${subpath}`) };
  } catch (error) {
    if (["MODULE_NOT_FOUND", "ERR_PACKAGE_PATH_NOT_EXPORTED"].includes(codeOf(error))) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
