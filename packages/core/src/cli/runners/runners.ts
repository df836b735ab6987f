import { pathToFileURL } from "node:url";
import { HadronError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import type { RunnerFlag, RunnerModule, RunnerPlaces } from "../../runner.ts";
import { type FoundRunner, findRunner, findRunners } from "./find-runners.ts";

/** The runner of a command that names none. */
export const DEFAULT_RUNNER = "local";

/** The runners that a command can use: what is installed, or what a test gives. */
export interface Runners {
  /** Their names, in the order in which they are shown. */
  names(): readonly string[];
  /** Whether there is a runner of this name. */
  has(name: string): boolean;
  /** What is known of a runner without its code. Fails as {@link load} does. */
  places(name: string): Promise<RunnerPlaces>;
  /**
   * The runner's module. RUNNER_FAILED, saying how to install them, where no runners are installed at all; WRONG_USE where
   * there is none of this name.
   */
  load(name: string): Promise<RunnerModule>;
}

/** The runners that are installed as seen from these files (paths or file URLs), or else from this package. */
export function installedRunners(...from: readonly string[]): Runners {
  const places = [...from, import.meta.url];
  let all: readonly FoundRunner[] | undefined;
  const findAll = () => {
    // The nearest of each name, as Node would resolve it.
    all ??= [
      ...new Map(
        places
          .flatMap(findRunners)
          .reverse()
          .map((runner) => [runner.name, runner]),
      ).values(),
    ].reverse();
    return all;
  };
  // Looked for once each: it is asked whether there is one before it is loaded, and `call` waits for both.
  const looked = new Map<string, FoundRunner | undefined>();
  const find = (name: string) => {
    for (const place of looked.has(name) ? [] : places) {
      const found = findRunner(name, place);
      looked.set(name, found);
      if (found !== undefined) break;
    }
    return looked.get(name);
  };
  const want = (name: string) => find(name) ?? refuse(name, findAll(), places[0] ?? "");
  return {
    names: () => findAll().map(({ name }) => name),
    has: (name) => find(name) !== undefined,
    places: async (name) => await import(pathToFileURL(want(name).places).href),
    load: async (name) => await import(pathToFileURL(want(name).module).href),
  };
}

/** The flags of every runner, each with the runners that have it. */
export async function flagsOfAll(runners: Runners): Promise<readonly OwnedFlag[]> {
  const owned = new Map<string, { readonly flag: RunnerFlag; readonly runners: string[] }>();
  const all = await Promise.all(runners.names().map(async (name) => [name, await runners.places(name)] as const));
  for (const [runner, { flags }] of all) {
    for (const flag of flags) {
      const known = owned.get(flag.name);
      if (known === undefined) owned.set(flag.name, { flag, runners: [runner] });
      else known.runners.push(runner);
    }
  }
  return [...owned.values()];
}

/** A flag of runners' own. */
export interface OwnedFlag {
  readonly flag: RunnerFlag;
  /** The names of those that have it. */
  readonly runners: readonly string[];
}

/** The flags among those given that are the runner's own, as its `createRunner` takes them. */
export function ownFlags(
  given: Readonly<Record<string, string>>,
  { flags }: Pick<RunnerPlaces, "flags">,
): Readonly<Record<string, string>> {
  const names = new Set(flags.map(({ name }) => name));
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.has(name)));
}

function refuse(name: string, all: readonly FoundRunner[], entry: string): never {
  if (all.length === 0) {
    throw new HadronError(
      "RUNNER_FAILED",
      `No runner is installed beside ${entry}, not "${name}" either: npm install @hadron/runners`,
    );
  }
  const names = all.map((runner) => runner.name);
  throw new HadronError(
    "WRONG_USE",
    `There is no runner "${name}"; there are ${names.join(", ")}.${didYouMean(name, names)} ` +
      `Another comes from a package hadron-runner-${name}, installed beside ${entry}.`,
  );
}
