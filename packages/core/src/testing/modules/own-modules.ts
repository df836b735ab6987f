import { serviceDefinition } from "../../declare/definition.ts";
import { resourceDefinition, resourceKey } from "../../declare/resource.ts";
import type { App } from "../../describe/compose/app.ts";
import { compose } from "../../describe/compose/compose.ts";
import { contributionDefinition, contributionKey } from "../../describe/contribution.ts";
import { firstDifference } from "../../describe/topology.ts";
import { inWords } from "../../errors.ts";
import type { TestTime } from "../time/test-time.ts";
import { declaredIn, filesOf } from "./declared-in.ts";
import type { OwnModules } from "./own-module.ts";
import { findProgram, type Program } from "./program.ts";
import { createReplicaGlobals } from "./replica-globals.ts";

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
  const files = new Set<string>();
  const callers = filesOf(stack);
  for (const value of given) {
    const definition = serviceDefinition(value) ?? resourceDefinition(value) ?? contributionDefinition(value);
    if (definition === undefined) continue;
    const file = declaredIn(definition);
    if (file === undefined) return `nothing says where "${definition.name}" was declared`;
    if (callers.has(file)) return `"${definition.name}" is declared in the file that starts it`;
    files.add(file);
  }
  const [first, ...others] = files;
  if (first === undefined) return "no service is given";
  let load: Program;
  try {
    load = await findProgram([first, ...others]);
  } catch (error) {
    return inWords(error);
  }
  const wanted = given.map(keyOf);
  const own: OwnModules = {
    async load(clock) {
      const globals = createReplicaGlobals(clock, time.isVirtual);
      const modules: Record<string, unknown>[] = [];
      try {
        await load(globals, modules);
        const exported = modules.flatMap((module) => Object.values(module));
        const found = wanted.map((key) => exported.find((value) => keyOf(value) === key));
        return { app: compose(app.topology.app, found), end: globals.end };
      } catch (error) {
        globals.end();
        throw error;
      }
    },
  };
  return (await whyNot(own, app, time)) ?? own;
}

/** What tells services, resources and the like of an app apart; undefined for what is none of them. */
function keyOf(value: unknown): string | undefined {
  const contribution = contributionDefinition(value);
  if (contribution !== undefined) return contributionKey(contribution);
  const resource = resourceDefinition(value);
  return resource === undefined ? serviceDefinition(value)?.name : resourceKey(resource);
}

/** Runs it once, and compares, as `up` does with a bundle. */
async function whyNot(own: OwnModules, app: App, time: TestTime): Promise<Shared | undefined> {
  try {
    const trial = await time.during(own.load(time.clockOf("trial", 0)));
    trial.end();
    const difference = firstDifference(app.topology, trial.app.topology);
    return difference === undefined ? undefined : `run again, their files declare another app: ${difference}`;
  } catch (error) {
    return `their files cannot be run again: ${inWords(error)}`;
  }
}
