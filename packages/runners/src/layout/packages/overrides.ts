import { existsSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { HadronError, type Program } from "@hadron/core/spi";
import { findPackage, readPackageJson } from "../files/find-package.ts";

/** What an app says of packages, in `run(…)` or in its package.json: name → who says so, for people. */
export interface Overrides {
  /** Packages that stay as they are. */
  readonly external: ReadonlyMap<string, string>;
  /** Packages that are bundled, whatever they look like. */
  readonly bundle: ReadonlyMap<string, string>;
}

const LISTS = ["external", "bundle"] as const;
type Lists = Readonly<Record<(typeof LISTS)[number], readonly string[]>>;

const FORM = `{ "external": ["name", …], "bundle": ["name", …] }: packages to leave as they are, and to bundle`;
/** As npm allows it: neither a path, nor a part of a package. */
const NAME = /^(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/i;

/**
 * Reads them: `"hadron": { "external": ["sharp"], "bundle": ["tiny"] }` of the nearest package.json, and over that
 * `run(…, { external, bundle })`. FAILED_PRECONDITION where either says something else, or names what is no installed package.
 */
export function readOverrides(folder: string, said: Program["packages"] = {}): Overrides {
  const overrides = { external: new Map<string, string>(), bundle: new Map<string, string>() };
  const take = (lists: Partial<Lists>, by: string, place: string) => {
    const { external = [], bundle = [] } = lists;
    const both = external.find((name) => bundle.includes(name));
    if (both !== undefined) throw wrong(`${place} names "${both}" in both lists. It is ${FORM}.`);
    for (const list of LISTS) {
      for (const name of lists[list] ?? []) {
        checkName(name, list, place, folder);
        for (const other of LISTS) overrides[other].delete(name);
        overrides[list].set(name, `${by} says ${list}`);
      }
    }
  };
  const file = nearestManifest(folder);
  if (file !== undefined) take(parse(readPackageJson(dirname(file)).hadron, file), "package.json", `${file}: "hadron"`);
  take(said, "run()", "run(…)");
  return overrides;
}

function checkName(name: string, list: string, place: string, folder: string): void {
  const wants = `${place} says ${list}: "${name}"`;
  if (findPackage(name, folder) !== undefined && NAME.test(name)) return;
  if (isBuiltin(name)) throw wrong(`${wants}, which is Node's own, and everywhere: leave it out.`);
  if (!NAME.test(name)) {
    const [, whole] = /^((?:@[\w.~-]+\/)?[\w~-][\w.~-]*)\//.exec(name) ?? [];
    const advice = whole === undefined ? "A package is named as in its package.json." : `Name the package: "${whole}".`;
    throw wrong(`${wants}, which is no package's name. ${advice}`);
  }
  throw wrong(`${wants}, which is not installed in ${folder} or above. Install it: npm install ${name}`);
}

function nearestManifest(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, "package.json");
    if (existsSync(file)) return file;
    if (dirname(at) === at) return undefined;
  }
}

function parse(said: unknown, file: string): Partial<Lists> {
  if (said === undefined) return {};
  const fail = (what: string): never => {
    throw wrong(`${file}: "hadron" ${what}. It is ${FORM}.`);
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
  return { external: list("external"), bundle: list("bundle") };
}

function wrong(message: string): HadronError {
  return new HadronError("FAILED_PRECONDITION", message);
}
