import { isKnown, KNOWN } from "./known.ts";
import { inWords, isSame, type ModuleShape, type Signature } from "./shape.ts";

/** Modules that another one is linked to, by the name under which it imports them. */
export type Linked = ReadonlyMap<string, ModuleShape>;

/**
 * What of a module's imports cannot be given to it, in words; undefined where all can. A memory of `env` can; functions that
 * the host has not, or that have other types, cannot.
 */
export function findUnbound({ imports }: ModuleShape, linked: Linked): string | undefined {
  for (const wanted of imports) {
    const where = `its import "${wanted.module}.${wanted.name}"`;
    if (wanted.kind !== "function") {
      if (wanted.kind === "memory" && wanted.module === "env") continue;
      return `${where} is a ${wanted.kind}; functions, and a memory of "env", are all that can be imported`;
    }
    const found = signatureOf(wanted.module, wanted.name, linked);
    if (found === undefined) return `${where} is nowhere: ${whatThereIs(wanted.module, linked)}`;
    if (!isSame(found, wanted.signature)) {
      return `${where} should be ${inWords(found)}, and is ${inWords(wanted.signature)}`;
    }
    if (!isKnown(wanted.module) && !isNumbers(found)) {
      return `${where} is ${inWords(found)}; between modules that are linked go i32, i64, f32 and f64 alone`;
    }
  }
  return undefined;
}

/** Whether all that goes in and out are numbers. */
export function isNumbers({ params, results }: Signature): boolean {
  return [...params, ...results].every((type) => /^[if](32|64)$/.test(type));
}

/** Functions are looked for in what is linked, then in what the host has. */
function signatureOf(module: string, name: string, linked: Linked): Signature | undefined {
  const other = linked.get(module);
  if (other !== undefined) return functionOf(other, name);
  return isKnown(module) ? KNOWN[module].get(name) : undefined;
}

/** The signature of a function that a module exports. */
function functionOf({ exports }: ModuleShape, name: string): Signature | undefined {
  const found = exports.find((entry) => entry.name === name);
  return found?.kind === "function" ? found.signature : undefined;
}

function whatThereIs(module: string, linked: Linked): string {
  const other = linked.get(module);
  if (other !== undefined) {
    const names = other.exports.filter(({ kind }) => kind === "function").map(({ name }) => name);
    return `the module that is linked as "${module}" exports ${names.join(", ") || "no function"}`;
  }
  if (isKnown(module)) return `"${module}" has no such function`;
  return `link a module of that name: { link: { "${module}": wasm("./${module}.wasm") } }`;
}
