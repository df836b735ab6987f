import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { HadronError } from "@hadron/core/spi";
import type { Metafile } from "esbuild";

/** A package that is not part of the bundle. */
export interface ExternalPackage {
  readonly name: string;
  /** Its absolute folder on this machine, with symbolic links resolved where it was found by its imports. */
  readonly directory: string;
}

/** Packages whose only purpose is to find the native addon of the package that depends on them. */
const ADDON_LOADERS = [
  "bindings",
  "node-gyp-build",
  "@mapbox/node-pre-gyp",
  "node-pre-gyp",
  "prebuild-install",
  "pkg-prebuilds",
];

/** Looks for a package as Node would from `folder`. RUNNER_FAILED where there is none. */
export function findExternal(name: string, folder: string): ExternalPackage {
  for (let at = folder; ; at = dirname(at)) {
    const directory = join(at, "node_modules", name);
    if (existsSync(join(directory, "package.json"))) return { name, directory };
    if (dirname(at) === at) break;
  }
  throw new HadronError(
    "RUNNER_FAILED",
    `The package "${name}", which is to stay outside of the bundle, is not installed in ${folder} or above.`,
  );
}

/** The packages among a build's inputs that have a native addon, which cannot be bundled. */
export function nativePackages(metafile: Metafile, folder: string): readonly ExternalPackage[] {
  const found = new Map<string, ExternalPackage>();
  const checked = new Set<string>();
  for (const [path, input] of Object.entries(metafile.inputs)) {
    const owner = packageOf(path, folder);
    if (owner === undefined) continue;
    // A package of nothing but an addon for one platform belongs to the package that imports it.
    if (input.imports.some(({ path }) => path.endsWith(".node"))) found.set(owner.directory, owner);
    if (checked.has(owner.directory)) continue;
    checked.add(owner.directory);
    if (isNative(owner.directory)) found.set(owner.directory, owner);
  }
  return [...found.values()];
}

function packageOf(path: string, folder: string): ExternalPackage | undefined {
  const match = /^(.*(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(path);
  return match === null ? undefined : { name: match[2]!, directory: resolve(folder, match[1]!) };
}

function isNative(directory: string): boolean {
  if (existsSync(join(directory, "binding.gyp"))) return true;
  try {
    const { dependencies = {}, gypfile } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
    return gypfile === true || ADDON_LOADERS.some((name) => Object.hasOwn(dependencies, name));
  } catch {
    // A folder in node_modules without a readable package.json: then it says nothing of addons.
    return false;
  }
}
