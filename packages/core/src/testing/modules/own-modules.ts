import { createRequire } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { serviceDefinition } from "../../declare/definition.ts";
import { type App, compose } from "../../describe/compose.ts";
import { firstDifference } from "../../describe/topology.ts";
import * as core from "../../index.ts";
import * as spi from "../../spi.ts";
import type { TestTime } from "../time/test-time.ts";
import { bundleApp } from "./bundle-app.ts";
import { declaredIn, filesOf } from "./declared-in.ts";
import type { OwnModules } from "./own-module.ts";
import { createReplicaGlobals, REPLACED_NAMES, type ReplicaGlobals } from "./replica-globals.ts";

const SHARED: Readonly<Record<string, unknown>> = { "@hadron/core": core, "@hadron/core/spi": spi };

/** Why replicas share one module. */
export type Shared = string;

/**
 * Finds the files that declared the services, and bundles them; or says why not.
 *
 * @param stack Of whoever starts the app: what is declared there cannot be run again, since it would start it again.
 */
export async function findOwnModules(
  app: App,
  given: readonly unknown[],
  time: TestTime,
  stack: string | undefined,
): Promise<OwnModules | Shared> {
  const definitions = given.map(serviceDefinition);
  const files = new Set<string>();
  const callers = filesOf(stack);
  for (const definition of definitions) {
    if (definition === undefined) return "what is given is no service alone";
    const file = declaredIn(definition);
    if (file === undefined) return `nothing says where "${definition.name}" was declared`;
    if (callers.has(file)) return `"${definition.name}" is declared in the file that starts it`;
    files.add(file);
  }
  const [first, ...others] = files;
  if (first === undefined) return "no service is given";
  let code: string;
  try {
    code = await bundleApp([first, ...others]);
  } catch (error) {
    return (error as Error).message;
  }
  const load = compile(first, code);
  const wanted = definitions.map((definition) => definition?.name);
  const own: OwnModules = {
    async load(clock) {
      const globals = createReplicaGlobals(clock, time.isVirtual);
      const modules: Record<string, unknown>[] = [];
      try {
        await load(globals, modules);
        const exported = modules.flatMap((module) => Object.values(module));
        const services = wanted.map((name) => exported.find((value) => serviceDefinition(value)?.name === name));
        return { app: compose(app.topology.app, services), end: globals.end };
      } catch (error) {
        globals.end();
        throw error;
      }
    },
  };
  return (await whyNot(own, app, time)) ?? own;
}

/** Runs it once, and compares, as `up` does with a bundle. */
async function whyNot(own: OwnModules, app: App, time: TestTime): Promise<Shared | undefined> {
  try {
    const trial = await time.during(own.load(time.clockOf("trial", 0)));
    trial.end();
    const difference = firstDifference(app.topology, trial.app.topology);
    return difference === undefined ? undefined : `run again, their files declare another app: ${difference}`;
  } catch (error) {
    return `their files cannot be run again: ${(error as Error).message}`;
  }
}

type Run = (globals: ReplicaGlobals, modules: Record<string, unknown>[]) => Promise<void>;

/** Compiled once, run for each replica: in a function, since a module would never be let go. */
function compile(file: string, code: string): Run {
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
