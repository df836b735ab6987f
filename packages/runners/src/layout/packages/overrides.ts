import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { HadronError } from "@hadron/core/spi";
import { readPackageJson } from "../files/find-package.ts";

/** What an app says of packages, in its package.json: `"hadron": { "external": ["sharp"], "bundle": ["tiny"] }`. */
export interface Overrides {
  /** Packages that stay as they are. */
  readonly external: readonly string[];
  /** Packages that are bundled, whatever they look like. */
  readonly bundle: readonly string[];
}

/** Reads them from the nearest package.json. FAILED_PRECONDITION where it says something else. */
export function readOverrides(folder: string): Overrides {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, "package.json"))) return parse(readPackageJson(at).hadron, join(at, "package.json"));
    if (dirname(at) === at) return { external: [], bundle: [] };
  }
}

function parse(said: unknown, file: string): Overrides {
  if (said === undefined) return { external: [], bundle: [] };
  const fail = (what: string): never => {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${file}: "hadron" ${what}. It is { "external": ["name", …], "bundle": ["name", …] }: packages to leave as they are, and to bundle.`,
    );
  };
  if (typeof said !== "object" || said === null) return fail("is no object");
  const unknown = Object.keys(said).filter((key) => key !== "external" && key !== "bundle");
  if (unknown.length > 0) fail(`has "${unknown[0]}", which means nothing`);
  const list = (key: "external" | "bundle"): readonly string[] => {
    const names: unknown = Reflect.get(said, key) ?? [];
    if (!Array.isArray(names) || names.some((name) => typeof name !== "string"))
      return fail(`has "${key}", which is no list of names`);
    return names;
  };
  const overrides = { external: list("external"), bundle: list("bundle") };
  const both = overrides.external.find((name) => overrides.bundle.includes(name));
  return both === undefined ? overrides : fail(`names "${both}" in both lists`);
}
