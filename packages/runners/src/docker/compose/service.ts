import type { ServiceTopology } from "@hadron/core/spi";
import { USER_ID } from "../../replica/layout.ts";
import type { ContainerSpec } from "../containers/finish.ts";
import type { Mount, PortBindings } from "../containers/payload.ts";
import { secretNames } from "../containers/spec.ts";

/** One service of a Compose file: a container. */
export type ComposeService = ReturnType<typeof toComposeService> | ReturnType<typeof toVolumeOwner>;

/** @param declared The service that the container is of. */
export function toComposeService(spec: ContainerSpec, declared: ServiceTopology | undefined, network: string) {
  const { payload } = spec;
  const { HostConfig } = payload;
  const volumes = volumesOf(spec);
  const env = payload.Env.filter((variable) => !/^HADRON_(COUNTS|SECRETS)_FILE=/.test(variable));
  const secrets = spec.ordinal < 0 || declared === undefined ? [] : secretNames(declared);
  return {
    image: payload.Image,
    container_name: spec.name,
    ...(payload.Entrypoint === undefined ? {} : { entrypoint: payload.Entrypoint.map(literal) }),
    ...(payload.Cmd === undefined ? {} : { command: payload.Cmd.map(literal) }),
    ...(payload.User === undefined ? {} : { user: payload.User }),
    environment: [...env.map(literal), ...secrets],
    ...(spec.aliases.length > 0 ? { networks: { [network]: { aliases: spec.aliases } } } : { networks: [network] }),
    ...(volumes.length > 0 ? { volumes: volumes.map((volume) => literal(`${volume.Source}:${volume.Target}`)) } : {}),
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
}

/** Its volumes, but for those that only we could fill: counts and secrets. Without the one nothing is scaled, the others are named. */
export function volumesOf({ payload }: ContainerSpec): readonly Mount[] {
  return (payload.HostConfig.Mounts ?? []).filter((mount) => !mount.ReadOnly);
}

/** A text as Compose takes it unchanged: it replaces `$NAME`. https://docs.docker.com/reference/compose-file/interpolation/ */
function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function toPorts(bindings: PortBindings) {
  const ports = Object.entries(bindings).flatMap(([inside, outside]) =>
    outside.map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}:${inside.replace("/tcp", "")}`),
  );
  return ports.length === 0 ? {} : { ports };
}

/** A new volume is root's; our code is not root. */
export function toVolumeOwner(image: string, names: readonly string[]) {
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
