import type { Topology } from "@hadron/core/spi";
import type { ContainerSpec } from "../containers/finish.ts";
import { exportedIngress } from "../ingress/spec.ts";
import { networkName } from "../names/names.ts";
import { type ComposeService, toComposeService, toVolumeOwner, volumesOf } from "./service.ts";

/**
 * The Compose file of an app (version 2.4 of the format, which docker-compose and `docker compose` both take, limits
 * included). One service of it for each container, named as the replica, so that shards keep their numbers. Secrets are
 * named, and come from the environment of whoever runs it. Pure.
 *
 * @param ingressImage The tag of the image of ingresses; undefined where there are none.
 */
export async function toComposeFile(
  topology: Topology,
  deployed: readonly ContainerSpec[],
  ingressImage: string | undefined,
): Promise<string> {
  const { dump } = await import("js-yaml");
  const network = networkName(topology.app);
  const containers = deployed.map((spec) =>
    spec.form === undefined || ingressImage === undefined ? spec : exportedIngress(spec, spec.form, ingressImage),
  );
  const replicas = containers.filter(({ role }) => role === "replica");
  const owned = replicas.flatMap(volumesOf).map(({ Source }) => Source);
  const image = replicas[0]?.payload.Image;
  const owner = image === undefined || owned.length === 0 ? {} : { [OWNER]: toVolumeOwner(image, owned) };
  const services: Record<string, ComposeService> = {};
  for (const spec of containers) {
    const declared = topology.services.find(({ name }) => name === spec.service);
    const waits = spec.role === "replica" && OWNER in owner ? { depends_on: [OWNER] } : {};
    services[composeName(spec)] = { ...toComposeService(spec, declared, network), ...waits };
  }
  const volumes = new Set(containers.flatMap(volumesOf).map(({ Source }) => Source));
  const file = {
    version: "2.4",
    services: { ...services, ...owner },
    networks: { [network]: {} },
    ...(volumes.size > 0 ? { volumes: Object.fromEntries([...volumes].map((name) => [name, {}])) } : {}),
  };
  const head = `# ${topology.app}, as \`export --runner=docker\` wrote it. Run it with docker-compose up.\n`;
  return head + dump(file, { lineWidth: -1, noRefs: true });
}

/** The service that makes the volumes of others theirs. */
const OWNER = "own-volumes";

function composeName({ service, ordinal }: ContainerSpec): string {
  return `${service}.${ordinal < 0 ? "ingress" : ordinal}`;
}
