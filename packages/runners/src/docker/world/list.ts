import type { RunningApp } from "@hadron/core/spi";
import type { Engine } from "../engine/client.ts";
import { filterBy, LABEL } from "../names/labels.ts";
import { endpointOf } from "./endpoint.ts";
import { listContainers, type SeenContainer, toSeen } from "./world.ts";

/** Every app that runs on the engine, of whoever made it. */
export async function listApps(engine: Engine, signal: AbortSignal): Promise<readonly RunningApp[]> {
  const all = await listContainers(engine, filterBy(LABEL.app), signal);
  const apps = Map.groupBy(all, (summary) => summary.Labels?.[LABEL.app] ?? "");
  return [...apps]
    .map(([app, summaries]) => {
      const seen = summaries
        .map((summary) => toSeen(summary, app))
        .filter(({ state, role }) => state === "running" && role !== "writer");
      const services = [...Map.groupBy(seen, (container) => container.service)].map(([name, own]) => ({
        name,
        procedures: own.find(({ role }) => role === "replica")?.procedures ?? [],
        endpoint:
          own
            .sort(ingressFirst)
            .map((replica) => endpointOf(replica, engine.address))
            .find((address) => address !== null) ?? null,
      }));
      return { app, runner: "docker", services: services.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    })
    .filter(({ services }) => services.length > 0)
    .sort((a, b) => (a.app < b.app ? -1 : 1));
}

function ingressFirst(a: SeenContainer, b: SeenContainer): number {
  return Number(b.role === "ingress") - Number(a.role === "ingress") || b.created - a.created;
}
