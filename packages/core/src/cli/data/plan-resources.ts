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
    .map((name) => `${name} ${show(before.options[name])} → ${show(after.options[name])}`)
    .join(", ");
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function keyOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}:${name}`;
}
