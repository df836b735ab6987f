import { type Topology, toWaves } from "@hadron/core/spi";
import type { DeployedService } from "./deployed-service.ts";

/**
 * Drains and ends the replicas of an app: each service after those whose patterns call it, so that what a root has
 * accepted can still ask its leaves, and what keeps their resources last.
 */
export async function stopInOrder(topology: Topology, services: readonly DeployedService[]): Promise<void> {
  const stop = (some: readonly DeployedService[]) =>
    Promise.all(some.flatMap((service) => service.all()).map((replica) => replica.stop()));
  for (const wave of toWaves(topology)) await stop(services.filter(({ name }) => wave.has(name)));
  // What an interrupted update left of another topology; the others are gone already.
  await stop(services);
}
