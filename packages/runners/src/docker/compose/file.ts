import type { ServiceTopology, Topology } from "@hadron/core/spi";
import { USER_ID } from "../../replica/layout.ts";
import type { ContainerSpec } from "../containers/finish.ts";
import type { PortBindings } from "../containers/payload.ts";
import { secretNames } from "../containers/spec.ts";
import { exportedIngress } from "../ingress/spec.ts";
import { networkName } from "../names/names.ts";

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
  const volumes = new Set<string>();
  const services: Record<string, unknown> = {};
  const owned: { readonly name: string; readonly target: string }[] = [];
  for (const spec of containers) {
    const service = topology.services.find((declared) => declared.name === spec.service)!;
    const composed = toService(spec, service, network);
    services[composeName(spec)] = composed.service;
    for (const one of composed.volumes) {
      volumes.add(one.Source);
      if (spec.role === "replica") owned.push({ name: one.Source, target: one.Target });
    }
  }
  const image = containers.find(({ role }) => role === "replica")?.payload.Image;
  if (owned.length > 0 && image !== undefined) {
    // A new volume is root's; our code is not root.
    services["own-volumes"] = ownVolumes(
      image,
      owned.map((volume) => volume.name),
    );
    for (const spec of containers) {
      const composed = services[composeName(spec)] as Record<string, unknown>;
      if (spec.role === "replica") composed.depends_on = ["own-volumes"];
    }
  }
  const file = {
    version: "2.4",
    services,
    networks: { [network]: {} },
    ...(volumes.size > 0 ? { volumes: Object.fromEntries([...volumes].map((name) => [name, {}])) } : {}),
  };
  const head = `# ${topology.app}, as \`export --runner=docker\` wrote it. Run it with docker-compose up.\n`;
  return head + dump(file, { lineWidth: -1, noRefs: true });
}

function composeName({ service, ordinal }: ContainerSpec): string {
  return `${service}.${ordinal < 0 ? "ingress" : ordinal}`;
}

function toService(spec: ContainerSpec, topology: ServiceTopology, network: string) {
  const { payload } = spec;
  const { HostConfig } = payload;
  // What only we could fill: counts and secrets. Without the one nothing is scaled, the others are named below.
  const volumes = (HostConfig.Mounts ?? []).filter((mount) => !mount.ReadOnly);
  const env = payload.Env.filter((variable) => !/^HADRON_(COUNTS|SECRETS)_FILE=/.test(variable));
  const secrets = spec.ordinal < 0 ? [] : secretNames(topology);
  const service = {
    image: payload.Image,
    container_name: spec.name,
    ...(payload.Entrypoint === undefined ? {} : { entrypoint: payload.Entrypoint }),
    ...(payload.Cmd === undefined ? {} : { command: payload.Cmd }),
    ...(payload.User === undefined ? {} : { user: payload.User }),
    environment: [...env.map((variable) => variable.replaceAll("$", "$$$$")), ...secrets],
    ...(spec.aliases.length > 0 ? { networks: { [network]: { aliases: spec.aliases } } } : { networks: [network] }),
    ...(volumes.length > 0 ? { volumes: volumes.map((volume) => `${volume.Source}:${volume.Target}`) } : {}),
    ...toPorts(HostConfig.PortBindings),
    mem_limit: HostConfig.Memory,
    memswap_limit: HostConfig.Memory,
    cpus: HostConfig.NanoCpus / 1e9,
    init: true,
    restart: "always",
    stop_grace_period: `${payload.StopTimeout}s`,
    security_opt: HostConfig.SecurityOpt,
    ...(HostConfig.ReadonlyRootfs ? { read_only: true } : {}),
    ...(HostConfig.CapDrop === undefined ? {} : { cap_drop: HostConfig.CapDrop }),
    ...(HostConfig.Tmpfs === undefined
      ? {}
      : { tmpfs: Object.entries(HostConfig.Tmpfs).map(([path, options]) => `${path}:${options}`) }),
    logging: { driver: HostConfig.LogConfig.Type, options: HostConfig.LogConfig.Config },
  };
  return { service, volumes };
}

function toPorts(bindings: PortBindings) {
  const ports = Object.entries(bindings).flatMap(([inside, outside]) =>
    outside.map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}:${inside.replace("/tcp", "")}`),
  );
  return ports.length === 0 ? {} : { ports };
}

function ownVolumes(image: string, names: readonly string[]) {
  const code = `for (const one of require("node:fs").readdirSync("/volumes")) require("node:fs").chownSync("/volumes/" + one, ${USER_ID}, ${USER_ID})`;
  return {
    image,
    entrypoint: ["node", "-e", code],
    user: "0:0",
    network_mode: "none",
    cap_drop: ["ALL"],
    cap_add: ["CHOWN"],
    volumes: names.map((name, index) => `${name}:/volumes/${index}`),
  };
}
