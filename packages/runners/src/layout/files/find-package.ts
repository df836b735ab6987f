import { existsSync, lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** What of a package.json is of use here. */
export interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly gypfile?: boolean;
  readonly workspaces?: unknown;
  readonly hadron?: unknown;
}

/** A package that is installed. */
export interface InstalledPackage {
  readonly name: string;
  /** Absolute, links resolved. */
  readonly directory: string;
}

const IN_PACKAGE = /^(.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+))(?:[\\/]|$)/;

/** The package in whose folder a file is, by its path; undefined where it is in none that is installed. */
export function packageOf(path: string): InstalledPackage | undefined {
  const match = IN_PACKAGE.exec(path);
  const [, directory, name] = match ?? [];
  return directory === undefined || name === undefined ? undefined : { name: name.replaceAll("\\", "/"), directory };
}

/** Looks for a package as Node would from `folder`, with the link that leads there; undefined where there is none. */
export function findPackage(
  name: string,
  folder: string,
): (InstalledPackage & { readonly links: readonly string[] }) | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, "node_modules", name);
    if (existsSync(join(path, "package.json")))
      return { name, directory: realpathSync(path), links: lstatSync(path).isSymbolicLink() ? [path] : [] };
    if (dirname(at) === at) return undefined;
  }
}

/** The package.json of a folder; empty where there is none that can be read: then it says nothing. */
export function readPackageJson(directory: string): PackageJson {
  try {
    return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as PackageJson;
  } catch {
    return {};
  }
}

/** Names of what a package may load. */
export function dependenciesOf(directory: string): readonly string[] {
  const { dependencies, optionalDependencies, peerDependencies } = readPackageJson(directory);
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
}
