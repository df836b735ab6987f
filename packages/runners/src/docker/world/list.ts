import type { RunningApp } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import { filterBy, LABEL } from "../names/labels.ts";
import { endpointOf } from "./endpoint.ts";
import { listContainers, type SeenContainer, toSeen } from "./world.ts";

/** Every app that runs on the engine, of whoever made it. */
export async function listApps(engine: Engine, signal: AbortSignal): Promise<readonly RunningApp[]> {
  const all = await listContainers(engine, filterBy(LABEL.app), signal);
  const apps = Map.groupBy(all, (one) => one.Labels![LABEL.app]!);
  return [...apps]
    .map(([app, summaries]) => {
      const seen = summaries
        .map((one) => toSeen(one, app))
        .filter((one) => one.state === "running" && one.role !== "writer");
      const services = [...Map.groupBy(seen, (one) => one.service)].map(([name, own]) => ({
        name,
        procedures: own.find((one) => one.role === "replica")?.procedures ?? [],
        endpoint:
          own
            .sort(ingressFirst)
            .map((one) => endpointOf(one, engine.address))
            .find((one) => one !== null) ?? null,
      }));
      return { app, runner: "docker", services: services.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    })
    .filter((one) => one.services.length > 0)
    .sort((a, b) => (a.app < b.app ? -1 : 1));
}

function ingressFirst(a: SeenContainer, b: SeenContainer): number {
  return Number(b.role === "ingress") - Number(a.role === "ingress") || b.created - a.created;
}
