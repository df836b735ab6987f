import type { Topology } from "./topology.ts";

/**
 * The names of an app's services in the order in which they are to be ended: those that call before those that they call, so
 * that what was accepted can still be finished, and last what keeps their resources, and what that in turn uses. What only
 * handlers call counts as its own root.
 */
export function toWaves({ services, resources = [] }: Topology): readonly ReadonlySet<string>[] {
  const keepers = new Set(resources.map(({ keeper }) => keeper));
  const byName = new Map(services.map((service) => [service.name, service]));
  const used = new Set(
    [...keepers].flatMap((keeper) => byName.get(keeper)?.uses ?? []).filter((use) => byName.has(use)),
  );
  for (const keeper of keepers) used.delete(keeper);
  const depths = new Map<string, number>();
  // A root comes before its children in a topology.
  for (const { name, children } of services) {
    const depth = depths.get(name) ?? 0;
    depths.set(name, depth);
    for (const child of children) depths.set(child.service, Math.max(depths.get(child.service) ?? 0, depth + 1));
  }
  const waves: Set<string>[] = [];
  for (const [name, depth] of depths) {
    if (keepers.has(name) || used.has(name)) continue;
    waves[depth] ??= new Set();
    waves[depth].add(name);
  }
  return [...waves, keepers, used].filter((wave) => wave !== undefined && wave.size > 0);
}

/**
 * The names of an app's services in the order in which they are to be started or replaced, those of one set at once: what
 * prepares something for others, with what that uses, is ready before the rest is touched.
 */
export function toStages({ services }: Topology): readonly ReadonlySet<string>[] {
  const first = new Set<string>();
  for (const service of services) {
    if (service.first !== true) continue;
    first.add(service.name);
    for (const used of service.uses ?? []) if (services.some(({ name }) => name === used)) first.add(used);
  }
  const rest = new Set(services.map(({ name }) => name).filter((name) => !first.has(name)));
  return [first, rest].filter((stage) => stage.size > 0);
}
