import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, posix } from "node:path";
import { HadronError, type Program } from "@hadron/core/spi";
import { type Bundle, type BundleInput, bundleIf, FIRST_FILE, isOurs } from "../bundle/index.ts";
import { declaredFiles } from "./files/declared-files.ts";
import { findPackage, packageOf } from "./files/find-package.ts";
import { mayNameFiles, ownFiles } from "./files/own-files.ts";
import { type Placement, toPlacement } from "./files/placement.ts";
import type { Layout, LayoutEntry, MadeFile } from "./layout.ts";
import { knownPackageFiles } from "./packages/known-files.ts";
import { isOwnSource, packagesToLeave } from "./packages/left.ts";
import { type Overrides, readOverrides } from "./packages/overrides.ts";
import { takenEntry } from "./taken.ts";

/** What goes along of an app, as far as it is known. It only grows. */
class Found {
  /** Own sources that were looked at. */
  readonly seen = new Set<string>();
  /** Files of the app's own → why. */
  readonly files = new Map<string, string>();
  /** Own sources that run by themselves → why. */
  readonly scripts = new Map<string, string>();
  /** Folders of packages that can only run as they are → why. */
  readonly left = new Map<string, string>();
  /** Folders of packages that stay because those load them. */
  readonly loaded = new Set<string>();
  /** What was read to trace them. */
  readonly traced = {};
  /** What the bundle imports of them. */
  readonly roots = new Set<string>();
  /** Their files, and those of what they load → why. */
  packageFiles: ReadonlyMap<string, string> = new Map();

  get size(): number {
    return this.scripts.size + this.left.size + this.loaded.size + this.roots.size;
  }

  /** Whether a package is beside the bundle, and not in it. */
  isOutside(directory: string): boolean {
    return this.left.has(directory) || this.loaded.has(directory);
  }

  *paths(): Iterable<string> {
    yield* this.files.keys();
    yield* this.scripts.keys();
    yield* this.packageFiles.keys();
  }
}

export interface LayoutOptions {
  /** The user's folder for what may be made again. */
  readonly cache: string;
  readonly signal?: AbortSignal;
}

/**
 * Makes the layout of an app: its sources bundled, the files that they read, the packages that only run where they were
 * installed, each in its place. An app without any of that is one bundle, and nothing is looked for.
 *
 * RUNNER_FAILED where it cannot be bundled; FAILED_PRECONDITION where declared files or package.json say what cannot be.
 */
export async function toLayout(
  { entry, topology, packages }: Pick<Program, "entry" | "topology" | "packages">,
  { cache, signal }: LayoutOptions,
): Promise<Layout> {
  const appFolder = dirname(entry);
  const overrides = readOverrides(appFolder, packages);
  const found = new Found();
  for (const [path, why] of declaredFiles(appFolder, topology)) found.files.set(path, why);
  for (const [name, why] of overrides.external) leave(name, appFolder, why, found);
  for (;;) {
    const before = found.size;
    if (before > 0) await tracePackages(found, appFolder, cache);
    const placement = toPlacement(appFolder, found.paths());
    const placeOf = (path: string) => {
      const owner = packageOf(path);
      if (owner === undefined || !found.isOutside(owner.directory)) return undefined;
      // What the bundle asks for of it has to go along, though those who stay may load other parts of it.
      if (/\.[cm]?js$/.test(path)) found.roots.add(path);
      return `./${placement.placeOf(path)}`;
    };
    const options = {
      scripts: [...found.scripts.keys()],
      placeOf: found.left.size === 0 ? undefined : placeOf,
      folder: placement.appFolder,
      ...(signal === undefined ? {} : { signal }),
    };
    const built = await bundleIf(entry, options, async (inputs) => {
      await look(inputs, found, overrides, appFolder);
      return found.size === before && toPlacement(appFolder, found.paths()).appFolder === placement.appFolder;
    });
    if (built !== undefined) return assemble(built, found, placement, appFolder, ownCode(built.inputs, overrides));
  }
}

/** Why the bundle goes along: with the packages in it that would not be there, had nobody said so. */
function ownCode(inputs: readonly BundleInput[], { bundle }: Overrides): string {
  const bundled = new Set(inputs.filter(({ used }) => used).map(({ path }) => packageOf(path)?.name));
  const said = [...bundle].filter(([name]) => bundled.has(name)).map(([name, by]) => `${name}: ${by}`);
  return ["the app's own code", ...said].join("; ");
}

/** Finds in what a bundle is made of what should be beside it. */
async function look(
  inputs: readonly BundleInput[],
  found: Found,
  overrides: Overrides,
  appFolder: string,
): Promise<void> {
  const used = inputs.filter(({ used }) => used);
  for (const [directory, why] of packagesToLeave(used, overrides))
    if (!found.left.has(directory)) found.left.set(directory, why);
  addRoots(used, found);
  const sources = used
    .filter(({ path }) => isOwnSource(path, overrides) && !found.seen.has(path))
    .map(({ path }) => path);
  const named = sources.filter((path) => /\.[cm]?[jt]sx?$/.test(path) && mayName(path));
  for (const path of sources) found.seen.add(path);
  const own = await ownFiles(named, appFolder);
  for (const [path, why] of own.files) found.files.set(path, why);
  for (const [path, why] of own.scripts) found.scripts.set(path, why);
  for (const [name, why] of own.packages) leave(name, appFolder, why, found);
}

/** Sources of ours read what they are told to, and name no file but workers. */
function mayName(path: string): boolean {
  const source = readFileSync(path, "utf8");
  return mayNameFiles(source) && (!isOurs(path) || (/\bnew Worker\(/.test(source) && /\bnew URL\("/.test(source)));
}

function addRoots(inputs: readonly BundleInput[], found: Found): void {
  for (const { path, imports } of inputs) {
    const importer = packageOf(path);
    if (importer !== undefined && found.isOutside(importer.directory)) continue;
    for (const imported of imports) {
      const owner = imported.path === undefined ? undefined : packageOf(imported.path);
      if (
        imported.path !== undefined &&
        owner !== undefined &&
        found.isOutside(owner.directory) &&
        /\.[cm]?js$/.test(imported.path)
      )
        found.roots.add(imported.path);
    }
  }
}

function leave(name: string, appFolder: string, why: string, { left }: Found): void {
  const installed = findPackage(name, appFolder);
  if (installed === undefined) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `The package "${name}" is not installed in ${appFolder} or above (${why}). Install it: npm install ${name}`,
    );
  }
  if (!left.has(installed.directory)) left.set(installed.directory, why);
}

async function tracePackages(found: Found, appFolder: string, cache: string): Promise<void> {
  if (found.left.size === 0) return;
  const { files, packages } = await knownPackageFiles([...found.roots], found.left, appFolder, {
    cache,
    traced: found.traced,
  });
  found.packageFiles = files;
  // What they load must be the same for the app: a class of one copy is not that of another.
  for (const directory of packages) found.loaded.add(directory);
}

async function assemble(
  built: Bundle,
  found: Found,
  placement: Placement,
  appFolder: string,
  why: string,
): Promise<Layout> {
  const maps = new Map<string, Uint8Array>();
  const entries = new Map<string, LayoutEntry>();
  const add = (entry: LayoutEntry) => {
    if (!entries.has(entry.path)) entries.set(entry.path, entry);
  };
  const make = (path: string, content: Uint8Array | string, because: string): MadeFile => ({
    kind: "made",
    path,
    layer: "app",
    because,
    content: Buffer.from(content),
  });
  const compiled = (path: string, { code, map }: Pick<Bundle, "code" | "map">, because: string) => {
    add(make(path, code, because));
    maps.set(path, map);
  };
  compiled("app.mjs", built, why);
  for (const script of built.scripts) {
    const place = placement.placeOf(script.source);
    const path = `${basename(script.source).replace(/\.[^.]+$/, "")}-${shortHash(place)}.mjs`;
    const why = found.scripts.get(script.source) ?? "";
    compiled(path, script, `${place}, ${why}`);
    // Where it was, so that its address is what the code says; both CommonJS and ES modules can say this.
    const target = posix.relative(posix.dirname(place), path);
    add(make(place, `import(${JSON.stringify(target.startsWith(".") ? target : `./${target}`)});\n`, why));
  }
  for (const [path, why] of found.files) add(await takenEntry(path, placement, "files", why));
  for (const [path, why] of found.packageFiles) add(await takenEntry(path, placement, "packages", why));
  if (found.left.size > 0) {
    add(make(FIRST_FILE.path, FIRST_FILE.content, "runs before packages do"));
    for (const [path, target] of topLinks(found, placement, appFolder))
      add({ kind: "link", path, target, layer: "packages", because: "found by its name" });
  }
  if (placement.linked) {
    add(make(`${placement.appFolder}/.keep`, "", "the working directory"));
    add({ kind: "link", path: "files", target: placement.appFolder, layer: "app", because: "the working directory" });
  }
  const sorted = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { entries: sorted, hash: hashOf(sorted), appFolder, maps };
}

/** Links by which names lead to packages, for what is asked for when it runs. */
function topLinks(
  { left, loaded, roots }: Found,
  placement: Placement,
  appFolder: string,
): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  const asked = new Set([...roots].map((path) => packageOf(path)?.directory));
  for (const directory of new Set([...left.keys(), ...loaded])) {
    const name = packageOf(directory)?.name;
    if (name === undefined) continue;
    // The one that the app's folder sees has the name; any other only where there is none.
    const seen = findPackage(name, appFolder)?.directory;
    if (seen !== directory && (seen !== undefined || !asked.has(directory))) continue;
    const path = `node_modules/${name}`;
    links.set(path, posix.relative(posix.dirname(path), placement.placeOf(directory)));
  }
  return links;
}

function hashOf(entries: readonly LayoutEntry[]): string {
  const hash = createHash("sha256");
  for (const entry of entries) {
    hash.update(`\0${entry.path}\0`);
    if (entry.kind === "made") hash.update(entry.content);
    else hash.update(entry.kind === "link" ? entry.target : `${entry.digest} ${entry.executable}`);
  }
  return hash.digest("hex").slice(0, 16);
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
