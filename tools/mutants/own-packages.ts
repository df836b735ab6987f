import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vitest/config";

/**
 * Packages of the house are the copy's, in which the mutants are: its `node_modules` is a link to ours, and what is found through
 * it are the sources as they are, a second time beside the copy's.
 */
export function ownPackages(root: string): Plugin {
  const known = new Map<string, Readonly<Record<string, string>>>();
  const exportsOf = (name: string) => {
    const exports =
      known.get(name) ?? JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).exports;
    known.set(name, exports);
    return exports;
  };
  return {
    name: "own-packages",
    enforce: "pre",
    resolveId(id) {
      const [, name, inside = ""] = /^@hadron\/([^/]+)(\/.*)?$/.exec(id) ?? [];
      const path = name === undefined ? undefined : exportsOf(name)[`.${inside}`];
      return path === undefined ? undefined : join(root, "packages", name ?? "", path);
    },
  };
}
