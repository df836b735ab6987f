import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  dependenciesOf,
  findPackage,
  type InstalledPackage,
  packageOf,
  readPackageJson,
} from "../files/find-package.ts";
import { LARGEST_SOURCE, trace } from "../files/trace.ts";
import { isWithin, workspaceOf } from "../files/workspace.ts";
import { isForOnePlatform, type Left, whyLeft, whyLeftByManifest } from "./left.ts";

/** What goes along of packages that stay as they are. */
export interface PackageFiles {
  /** Absolute files and links → why. */
  readonly files: ReadonlyMap<string, string>;
  /** Folders of the packages that these load: what they load, nobody else may have a copy of. */
  readonly packages: ReadonlySet<string>;
}

/** Of a package, what nobody loads. */
const ASIDE = /^(?:node_modules|\..*|tests?|__tests__|specs?|benchmarks?|bench|examples?|docs?)$/;
const NOT_LOADED = /\.(?:map|md|markdown|tsbuildinfo)$/i;
const SOURCE = /\.[cm]?js$/;
/** Above this, the sources that nobody named are not looked through. */
const MOST_SOURCES = 1000;
/** Whose parts are found by names that no code says in full. */
const BY_NAME = /addon|computed|external/;

/**
 * The files of packages that stay as they are, with all that they load: a package that finds files of its own by itself whole,
 * since no analysis sees all of what it asks for; of others what is traced.
 */
export async function packageFiles(
  roots: readonly string[],
  left: Left,
  appFolder: string,
  cache: object,
): Promise<PackageFiles> {
  const whole = new Map<string, string>();
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const sources = new Set(roots);
  const take = (directory: string, why: string) => {
    if (whole.has(directory)) return;
    whole.set(directory, why);
    const own = filesOf(directory);
    for (const path of own) files.set(path, why);
    const code = own.filter((path) => SOURCE.test(path));
    if (code.length <= MOST_SOURCES) for (const path of code) sources.add(path);
    // An addon may be found by a computed name, whatever else was seen first that makes its package stay.
    takeDependencies(directory, BY_NAME.test(why) ? () => true : isAddon(directory));
  };
  const takeDependencies = (directory: string, isWanted: (name: string) => boolean) => {
    for (const name of dependenciesOf(directory).filter(isWanted)) {
      const found = findPackage(name, directory);
      if (found === undefined) continue;
      for (const link of found.links) files.set(link, `${nameOf(directory)} needs it`);
      take(
        found.directory,
        isForOnePlatform(found.directory)
          ? `the native addon of ${nameOf(directory)}`
          : `${nameOf(directory)} needs it`,
      );
    }
  };
  for (const [directory, why] of left) take(directory, why);

  const within = workspaceOf(appFolder);
  const looked = new Set<string>();
  // Sources that are too large to be traced, of which only the names of packages are looked for.
  const large = new Set<string>();
  for (let more = true; more; ) {
    const before = whole.size;
    const traced = await trace([...sources], { cwd: appFolder, within, follow: true, cache });
    for (const path of traced.files) {
      const owner = packageOf(path);
      if (owner === undefined) {
        // A package of the workspace, by its real place.
        if (isWithin(within, path) && !files.has(path)) files.set(path, "a package needs it");
        continue;
      }
      if (!files.has(path)) files.set(path, whyTraced(path, owner, traced.namedBy));
      if (lstatSync(path).isSymbolicLink()) continue;
      packages.add(owner.directory);
      if (whole.has(owner.directory)) continue;
      const why = looked.has(owner.directory) ? undefined : whyLeftByManifest(owner.directory);
      looked.add(owner.directory);
      const own = why ?? (SOURCE.test(path) ? whyLeft(readFileSync(path, "utf8")) : undefined);
      if (own !== undefined) take(owner.directory, own);
    }
    for (const path of traced.files) {
      if (!SOURCE.test(path) || large.has(path) || statSync(path).size <= LARGEST_SOURCE) continue;
      large.add(path);
      const owner = packageOf(path);
      const text = readFileSync(path, "utf8");
      if (owner !== undefined)
        takeDependencies(owner.directory, (name) => text.includes(`"${name}`) || text.includes(`'${name}`));
    }
    more = whole.size > before;
  }
  for (const directory of whole.keys()) packages.add(directory);
  return { files, packages };
}

function whyTraced(path: string, owner: InstalledPackage, namedBy: ReadonlyMap<string, readonly string[]>): string {
  for (const parent of namedBy.get(path) ?? []) {
    const by = packageOf(parent);
    if (by !== undefined && by.directory !== owner.directory) return `${by.name} needs it`;
  }
  return `part of ${owner.name}, which is loaded`;
}

/** Whether what a package needs is the addon that it has for one platform. */
function isAddon(directory: string): (name: string) => boolean {
  return (name) => {
    const found = findPackage(name, directory);
    return found !== undefined && isForOnePlatform(found.directory);
  };
}

function nameOf(directory: string): string {
  return readPackageJson(directory).name ?? directory;
}

/** What of a package's folder goes along. */
function filesOf(directory: string): readonly string[] {
  const found: string[] = [];
  const look = (folder: string) => {
    const entries = readdirSync(folder, { withFileTypes: true });
    const names = new Set(entries.map(({ name }) => name));
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!ASIDE.test(entry.name)) look(path);
      } else if (!NOT_LOADED.test(entry.name) && !isTypes(entry.name, names)) found.push(path);
    }
  };
  look(directory);
  return found;
}

/** Types of a file beside it. TypeScript's own libraries are types of nothing, and it loads them. */
function isTypes(name: string, beside: ReadonlySet<string>): boolean {
  const [, base, kind] = /^(.+)\.d\.([cm]?)ts$/.exec(name) ?? [];
  return base !== undefined && (beside.has(`${base}.${kind}js`) || beside.has(`${base}.js`));
}
