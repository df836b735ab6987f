import type { RunContext, RunningApp } from "@hadron/core/spi";
import type { Api } from "../api/api.ts";
import { PART_OF } from "../objects/labels.ts";
import { nameObjects } from "../objects/names.ts";
import { listDeployed } from "./deployed.ts";
import { endpointOf } from "./endpoint.ts";
import { readWorld } from "./world.ts";

/** The apps in the namespace, whoever made them. */
export async function listApps(api: Api, { signal }: RunContext): Promise<readonly RunningApp[]> {
  const [apps, services, ingresses] = await Promise.all([
    listDeployed(api, signal),
    readWorld(api, { kinds: ["Service"], needed: new Set(), signal }),
    readWorld(api, { kinds: ["Ingress"], needed: new Set(), signal }),
  ]);
  return apps.map(({ app, topology }) => {
    const names = nameObjects(topology);
    const own = (key: string, { objects }: typeof services) => {
      const found = objects.get(key);
      return found?.metadata.labels?.[PART_OF] === app ? found : undefined;
    };
    return {
      app,
      runner: "kubernetes",
      services: topology.services
        .filter(({ procedures }) => procedures.length > 0)
        .map(({ name, procedures, exposed }) => {
          const { base } = names.get(name)!;
          const endpoint =
            exposed === null
              ? null
              : endpointOf(own(`Service/${base}`, services), own(`Ingress/${base}`, ingresses), undefined);
          return { name, procedures, endpoint };
        }),
    };
  });
}
