import type { AppStatus, RunContext, ServiceStatus } from "@hadron/core/spi";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import { each } from "../../shared/each.ts";
import type { Api } from "../api/api.ts";
import { askPod } from "../api/pod-stream.ts";
import { NAME, selectorOf } from "../objects/labels.ts";
import { nameObjects } from "../objects/names.ts";
import type { Pod } from "../objects/objects.ts";
import { describeKill, wasKilled } from "../world/death.ts";
import { readDeployed } from "../world/deployed.ts";
import { endpointOf } from "../world/endpoint.ts";
import { readEvents } from "../world/events.ts";
import { describePod, isPodReady, ordinalOf, replicaNameOf } from "../world/pods.ts";
import { findObject, listObjects, readWorld } from "../world/world.ts";

/** Replicas that are asked for their calls; more would take longer than anybody waits for a status. */
const ASKED = 100;
const AT_ONCE = 8;
const PATIENCE_MS = 2000;

/** `calls`: whether replicas are asked how many they have taken. */
export async function readStatus(
  api: Api,
  app: string,
  { signal }: RunContext,
  { calls }: { readonly calls: boolean },
): Promise<AppStatus> {
  const [deployed, pods, world] = await Promise.all([
    readDeployed(api, app, signal),
    listObjects(api, "Pod", selectorOf(app), signal),
    readWorld(api, { app, kinds: ["Service", "Ingress", "HTTPRoute"], needed: new Set(["Service"]), signal }),
  ]);
  if (deployed === undefined) return { app, runner: "kubernetes", revision: null, services: [] };
  const counted = calls ? await countCalls(api, pods, signal) : new Map<string, number>();
  const kills = await readKills(api, pods, signal);
  const names = nameObjects(deployed.topology);
  const services = deployed.topology.services.map((service): ServiceStatus => {
    const { base, label } = names.get(service.name) ?? {};
    const own = pods.filter((pod) => pod.metadata.labels?.[NAME] === label).sort(byPlace);
    const node = own.find(isPodReady)?.status?.hostIP;
    return {
      name: service.name,
      endpoint:
        service.exposed === null || base === undefined
          ? null
          : endpointOf(
              findObject(world, "Service", base),
              findObject(world, "Ingress", base) ?? findObject(world, "HTTPRoute", base),
              service.exposed,
              node,
            ),
      replicas: own.map((pod) => ({
        name: replicaNameOf(pod),
        ...describePod(pod),
        ...kills.get(pod.metadata.name),
        calls: counted.get(pod.metadata.name) ?? null,
      })),
    };
  });
  return { app, runner: "kubernetes", revision: deployed.revision, services };
}

/** Pods whose events are read; a status is to be quick. */
const LOOKED_INTO = 20;

/** Why containers were killed, by the names of their pods, where the cluster says more of it than their status. */
async function readKills(
  api: Api,
  pods: readonly Pod[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, { readonly reason: string }>> {
  const found = await each(pods.filter(wasKilled).slice(0, LOOKED_INTO), AT_ONCE, async (pod) => {
    const reason = describeKill(await readEvents(api, { ...pod, kind: "Pod" }, signal));
    return reason === undefined ? [] : [[pod.metadata.name, { reason }] as const];
  });
  return new Map(found.flat());
}

function byPlace(a: Pod, b: Pod): number {
  return (ordinalOf(a) ?? 0) - (ordinalOf(b) ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

async function countCalls(api: Api, pods: readonly Pod[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const counted = new Map<string, number>();
  const own = pods
    .filter((pod) => isPodReady(pod) && pod.spec?.containers?.some(({ name }) => name === "replica"))
    .slice(0, ASKED);
  await each(own, AT_ONCE, async ({ metadata: { name } }) => {
    try {
      const { body } = await askPod(api, name, {
        port: INTERNAL_PORT,
        method: "GET",
        path: "/metrics",
        signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
      });
      const lines = [...body.matchAll(/^hadron_calls_total(?:\{[^}]*\})? (\d+)/gm)];
      if (body.includes("hadron_calls_total"))
        counted.set(
          name,
          lines.reduce((sum, [, count]) => sum + Number(count), 0),
        );
    } catch {
      // It hangs or goes, or we may not: then its calls are not known, which is what the status says.
      signal.throwIfAborted();
    }
  });
  return counted;
}
