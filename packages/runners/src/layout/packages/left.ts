import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HadronError } from "@hadron/core/spi";
import { type BundleInput, isOurs } from "../../bundle/index.ts";
import { findPackage, packageOf, readPackageJson } from "../files/find-package.ts";
import type { Overrides } from "./overrides.ts";

/** Folders of packages that stay as they are, each with the reason. */
export type Left = ReadonlyMap<string, string>;

/** Packages whose only purpose is to find the native addon of the package that depends on them. */
const ADDON_LOADERS = [
  "bindings",
  "node-gyp-build",
  "@mapbox/node-pre-gyp",
  "node-pre-gyp",
  "prebuild-install",
  "pkg-prebuilds",
];

/** What code says that works only where it was installed. */
const TELLS: readonly (readonly [RegExp, string])[] = [
  [/\b__dirname\b|\b__filename\b|\bimport\.meta\.(?:url|dirname|filename|resolve)\b/, "it reads files of its own"],
  [/\bnew\s+(?:\w+\.)?Worker\s*\(/, "it starts workers"],
  [/\brequire\.resolve\b|\bcreateRequire\b/, "it asks where packages are"],
  [computed("require"), "it requires by computed names"],
  [computed("import"), "it imports by computed names"],
];

/** A call with what is no text; a text that goes on, unless it begins with `./`: esbuild finds what that may mean. */
function computed(what: "require" | "import"): RegExp {
  const call = `(?<![.\\w$])${what}\\(\\s*`;
  const rest = [`(?!["'\`)\\s]|/\\*)`, `(["'])(?!\\.{1,2}/)[^"'\`]*\\1\\s*\\+`, "`(?!\\.{1,2}/)[^`]*\\$\\{"];
  return new RegExp(`${call}(?:${rest.join("|")})`);
}

const ANY_TELL = /__dirname|__filename|import\.meta|Worker|require\.resolve|createRequire|\brequire\(|\bimport\(/;
/** Of comments in front: what they mention is not done. */
const COMMENT_LINE = /^\s*(?:\/\/|\*|\/\*).*$/gm;

/** Why a source can only run where it lies; undefined where it can be bundled. */
export function whyLeft(source: string): string | undefined {
  if (!ANY_TELL.test(source)) return undefined;
  const code = source.replace(COMMENT_LINE, "");
  return TELLS.find(([tell]) => tell.test(code))?.[1];
}

/** Why a package can only run where it lies, by what its package.json says. */
export function whyLeftByManifest(directory: string): string | undefined {
  if (existsSync(join(directory, "binding.gyp"))) return "it has a native addon";
  const { dependencies = {}, optionalDependencies = {}, gypfile } = readPackageJson(directory);
  if (gypfile === true || ADDON_LOADERS.some((name) => Object.hasOwn(dependencies, name)))
    return "it has a native addon";
  const forOnePlatform = Object.keys(optionalDependencies).some((name) => {
    const found = findPackage(name, directory);
    return found !== undefined && isForOnePlatform(found.directory);
  });
  return forOnePlatform ? "it has a native addon" : undefined;
}

/** Whether a package is one of several that are the same for different platforms. */
export function isForOnePlatform(directory: string): boolean {
  const { os, cpu } = readPackageJson(directory);
  return os !== undefined || cpu !== undefined;
}

/**
 * Whether a file is a source of the app's: it, and what it reads, is looked at and compiled. Packages of the workspace are, of
 * which Node sees the real place; packages of ours, which are plain code; and those that the app says to bundle.
 */
export function isOwnSource(path: string, { bundle }: Overrides): boolean {
  const owner = packageOf(path);
  return owner === undefined || isOurs(path) || bundle.has(owner.name);
}

/** The packages among what a bundle was made of that should stay as they are. */
export function packagesToLeave(inputs: readonly BundleInput[], overrides: Overrides): Left {
  const left = new Map<string, string>();
  const bundled = new Set<string>();
  const looked = new Set<string>();
  for (const { path, imports } of inputs) {
    const owner = packageOf(path);
    if (owner === undefined) continue;
    const { directory, name } = owner;
    const bundledBy = overrides.bundle.get(name);
    // By a name in full, or as one of those that a computed name may mean.
    const hasAddon = path.endsWith(".node") || imports.some((found) => found.path?.endsWith(".node"));
    if (bundledBy !== undefined && hasAddon) {
      throw new HadronError(
        "FAILED_PRECONDITION",
        `The package "${name}" has a native addon, which is in no bundle (${bundledBy}): leave it out of that list.`,
      );
    }
    if (isOwnSource(path, overrides)) continue;
    // Node strips no types of what is installed.
    if (/\.[cm]?tsx?$/.test(path)) bundled.add(directory);
    if (left.has(directory)) continue;
    const said = overrides.external.get(name);
    const why =
      said !== undefined
        ? said
        : hasAddon
          ? "it has a native addon"
          : /\.[cm]?js$/.test(path)
            ? whyLeft(readFileSync(path, "utf8"))
            : undefined;
    if (why !== undefined) left.set(directory, why);
    else if (!looked.has(directory)) {
      looked.add(directory);
      const byManifest = whyLeftByManifest(directory);
      if (byManifest !== undefined) left.set(directory, byManifest);
    }
  }
  for (const directory of bundled) left.delete(directory);
  return left;
}
