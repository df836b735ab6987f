import type { RunContext, RunningApp } from "@hadron/core/spi";
import type { Api } from "../api/api.ts";
import { PART_OF } from "../objects/labels.ts";
import { nameObjects } from "../objects/names.ts";
import type { KubeObject } from "../objects/objects.ts";
import { listDeployed } from "./deployed.ts";
import { endpointOf } from "./endpoint.ts";
import { findObject, readWorld } from "./world.ts";

/** The apps in the namespace, whoever made them. */
export async function listApps(api: Api, { signal }: RunContext): Promise<readonly RunningApp[]> {
  const [apps, services, ingresses] = await Promise.all([
    listDeployed(api, signal),
    readWorld(api, { kinds: ["Service"], needed: new Set(), signal }),
    readWorld(api, { kinds: ["Ingress", "HTTPRoute"], needed: new Set(), signal }),
  ]);
  return apps.map(({ app, topology }) => {
    const names = nameObjects(topology);
    const own = <T extends KubeObject>(found: T | undefined) =>
      found?.metadata.labels?.[PART_OF] === app ? found : undefined;
    return {
      app,
      runner: "kubernetes",
      services: topology.services
        .filter(({ procedures }) => procedures.length > 0)
        .map(({ name, procedures, exposed }) => {
          const base = names.get(name)?.base;
          const endpoint =
            exposed === null || base === undefined
              ? null
              : endpointOf(
                  own(findObject(services, "Service", base)),
                  own(findObject(ingresses, "Ingress", base)) ?? own(findObject(ingresses, "HTTPRoute", base)),
                  exposed,
                  undefined,
                );
          return { name, procedures, endpoint };
        }),
    };
  });
}
