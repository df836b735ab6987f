import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ExternalPackage } from "../bundle/index.ts";

/** A package's folder on this machine, and where it goes below `node_modules`. */
export interface PlacedPackage {
  readonly directory: string;
  /** e.g. `sharp` or `sharp/node_modules/semver`. */
  readonly path: string;
}

/**
 * The packages that a bundle leaves outside, with all that they depend on, laid out so that Node finds each from where
 * it is. One of each name at the top; another version of it below the package that wants it. Found as Node would, so
 * that npm's, yarn's and pnpm's way of laying them out here do not matter.
 */
export function placePackages(externals: readonly ExternalPackage[]): readonly PlacedPackage[] {
  const top = new Map<string, string>();
  const placed: PlacedPackage[] = [];
  const queue: { name: string; directory: string; path: string; above: readonly string[] }[] = [];
  const put = (name: string, directory: string, path: string, above: readonly string[]) => {
    placed.push({ directory, path });
    queue.push({ name, directory, path, above });
  };
  for (const { name, directory } of externals) {
    const real = realpathSync(directory);
    if (top.has(name)) continue;
    top.set(name, real);
    put(name, real, name, []);
  }
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    for (const name of dependenciesOf(one.directory)) {
      const directory = find(name, one.directory);
      // What is optional, or a peer that nobody installed, is missing here as well.
      if (directory === undefined || one.above.includes(directory)) continue;
      const known = top.get(name);
      if (known === directory) continue;
      const above = [...one.above, one.directory];
      if (known === undefined) {
        top.set(name, directory);
        put(name, directory, name, above);
      } else put(name, directory, `${one.path}/node_modules/${name}`, above);
    }
  }
  return placed;
}

function dependenciesOf(directory: string): readonly string[] {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(join(directory, "package.json"), "utf8"),
  ) as Record<string, Record<string, string> | undefined>;
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
}

function find(name: string, from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const directory = join(at, "node_modules", name);
    if (existsSync(join(directory, "package.json"))) return realpathSync(directory);
    if (dirname(at) === at) return undefined;
  }
}
