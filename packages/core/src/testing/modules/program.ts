import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import * as core from "../../index.ts";
import * as spi from "../../spi.ts";
import { bundleApp } from "./bundle-app.ts";
import { REPLACED_NAMES, type ReplicaGlobals } from "./replica-globals.ts";

const SHARED: Readonly<Record<string, unknown>> = { "@hadron/core": core, "@hadron/core/spi": spi };

/** Runs an app's files, and adds what each exports to the modules. */
export type Program = (globals: ReplicaGlobals, modules: Record<string, unknown>[]) => Promise<void>;

interface Made {
  readonly program: Program;
  /** By file, when it was changed last. */
  readonly changes: ReadonlyMap<string, number | undefined>;
}

/** A test starts its app many times, and bundling takes longer than all the rest: nothing of an app is kept here. */
const made = new Map<string, Made>();

/** The program of an app's files, bundled anew where any file of it has changed since. Rejects as {@link bundleApp} does. */
export async function findProgram(files: readonly [string, ...string[]]): Promise<Program> {
  const key = JSON.stringify(files);
  const earlier = made.get(key);
  if (earlier !== undefined && isUnchanged(earlier)) return earlier.program;
  const { code, inputs } = await bundleApp(files);
  const program = compile(files[0], code);
  made.set(key, { program, changes: new Map(inputs.map((file) => [file, changedAt(file)])) });
  return program;
}

function isUnchanged({ changes }: Made): boolean {
  return [...changes].every(([file, at]) => changedAt(file) === at);
}

function changedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

/** Compiled once, run for each replica: in a function, since a module would never be let go. */
function compile(file: string, code: string): Program {
  const script = new vm.Script(`(__hadron, require, ${REPLACED_NAMES.join(", ")}) => async () => {${code}\n}`, {
    filename: `${file}#replica`,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const make = script.runInThisContext() as (world: object, ...values: unknown[]) => () => Promise<void>;
  return (globals, modules) => {
    const world = { modules, builtin: globals.builtin, core: sharedCore, meta };
    const values = REPLACED_NAMES.map((name) => globals.values[name] ?? Reflect.get(globalThis, name));
    return make(world, createRequire(pathToFileURL(file)), ...values)();
  };
}

function sharedCore(name: string): unknown {
  const shared = SHARED[name];
  if (shared === undefined) throw new Error(`${name} cannot be had in a replica`);
  return shared;
}

/** What a module sees of its place. */
function meta(path: string): object {
  const { href } = pathToFileURL(path);
  const resolve = (name: string) => pathToFileURL(createRequire(href).resolve(name)).href;
  return { url: href, filename: path, dirname: dirname(path), main: false, resolve };
}
