import type { ResourceTopology } from "../../describe/topology.ts";
import type { Change } from "../../runner.ts";
import type { DeclaredResource, Holdings, KeptThing } from "../../verb/resource-verb.ts";

/** What is said of the data itself, and changes nothing about the resource. */
const OF_DATA = ["was", "protect"];

/**
 * What becomes of an app's resources by an `up`. Pure: data is never removed by it. `kept`: what each keeper says; none where none
 * could be asked. `services`: the names of those that are wanted.
 */
export function planResources(
  wanted: readonly ResourceTopology[],
  kept: readonly Holdings[],
  services: readonly string[] = [],
): readonly Change[] {
  const declared = new Map(kept.flatMap((of) => of.declared).map((resource) => [keyOf(resource), resource]));
  const things = new Map(kept.flatMap((of) => of.things).map((thing) => [keyOf(thing), thing]));
  const shown = wanted.filter(({ kind }) => kind !== "turns");
  const moved = new Set<string>();
  const changes = shown.flatMap((resource): readonly Change[] => {
    const { kind, name, options } = resource;
    const before = declared.get(keyOf(resource));
    const was = typeof options.was === "string" ? { kind, name: options.was } : undefined;
    if (was !== undefined && !things.has(keyOf(resource)) && things.has(keyOf(was))) {
      moved.add(keyOf(was));
      return [{ action: "move", kind, name, because: `was ${was.name}` }];
    }
    if (before === undefined) {
      if (things.has(keyOf(resource))) return [];
      return [{ action: "create", kind, name, because: "nothing is kept of it yet" }];
    }
    const because = differencesOf(before, resource);
    return because === "" ? [] : [{ action: "update", kind, name, because }];
  });
  const names = new Set(shown.map(keyOf));
  const isDeclared = (thing: KeptThing) =>
    names.has(keyOf(thing)) || (thing.service !== undefined && services.includes(thing.service));
  const left = [...things.values()].filter((thing) => !isDeclared(thing) && !moved.has(keyOf(thing)));
  return [...changes, ...left.map(toRetain)];
}

function toRetain(thing: KeptThing): Change {
  const { kind, name, holds } = thing;
  const because = `no longer declared; ${holds} stay; delete --data=${keyOf(thing)} removes them`;
  return { action: "retain", kind, name, because };
}

function differencesOf(before: DeclaredResource, after: DeclaredResource): string {
  const names = [...new Set([...Object.keys(before.options), ...Object.keys(after.options)])];
  return names
    .filter((name) => !OF_DATA.includes(name))
    .filter((name) => JSON.stringify(before.options[name]) !== JSON.stringify(after.options[name]))
    .map((name) => `${name} ${toDifference(before.options[name], after.options[name])}`)
    .join(", ");
}

/** Of lists of what has names, such as migrations, what comes, goes and changes; of all else, the whole. */
function toDifference(before: unknown, after: unknown): string {
  const [had, has] = [namesOf(before), namesOf(after)];
  if (had === undefined || has === undefined) return `${show(before)} → ${show(after)}`;
  const names = [...new Set([...had.keys(), ...has.keys()])].filter((name) => had.get(name) !== has.get(name));
  return names.map((name) => `${had.has(name) ? (has.has(name) ? "~" : "-") : "+"}${name}`).join(" ");
}

/** Name → what it is; undefined where it is no list of what has names. */
function namesOf(value: unknown): ReadonlyMap<string, string> | undefined {
  if (value === undefined) return new Map();
  if (!Array.isArray(value)) return undefined;
  const entries = value.map((item) => [(item as { name?: unknown } | null)?.name, JSON.stringify(item)] as const);
  return entries.every((entry): entry is readonly [string, string] => typeof entry[0] === "string")
    ? new Map(entries)
    : undefined;
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function keyOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}:${name}`;
}
