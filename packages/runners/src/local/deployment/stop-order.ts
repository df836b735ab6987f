import type { Topology } from "@hadron/core/spi";
import type { DeployedService } from "./deployed-service.ts";

/**
 * Drains and ends the replicas of an app: each service after those whose patterns call it, so that what a root has
 * accepted can still ask its leaves.
 */
export async function stopInOrder(topology: Topology, services: readonly DeployedService[]): Promise<void> {
  const stop = (some: readonly DeployedService[]) =>
    Promise.all(some.flatMap((one) => one.all()).map((one) => one.stop()));
  for (const wave of toWaves(topology)) await stop(services.filter((one) => wave.has(one.name)));
  // What an interrupted update left of another topology; the others are gone already.
  await stop(services);
}

/** The names of services, those that call before those that they call. What only handlers call counts as its own root. */
function toWaves({ services }: Topology): readonly ReadonlySet<string>[] {
  const depths = new Map<string, number>();
  // A root comes before its children in a topology.
  for (const { name, children } of services) {
    const depth = depths.get(name) ?? 0;
    depths.set(name, depth);
    for (const child of children) depths.set(child.service, Math.max(depths.get(child.service) ?? 0, depth + 1));
  }
  const deepest = Math.max(0, ...depths.values());
  return Array.from(
    { length: deepest + 1 },
    (_, depth) => new Set([...depths.keys()].filter((name) => depths.get(name) === depth)),
  );
}
