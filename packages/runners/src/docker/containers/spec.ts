import { createHash } from "node:crypto";
import { posix } from "node:path";
import { mainPort, type PeerNames, type ServiceTopology, type Topology } from "@hadron/core/spi";
import { needsCounts } from "../../replica/counts.ts";
import { containerEnvironment } from "../../replica/environment.ts";
import { IMAGE, replicaCommand } from "../../replica/image.ts";
import {
  COUNTS_FOLDER,
  EXPOSED_PORT,
  FILES_FOLDER,
  IMAGE_SECRETS_FOLDER,
  INTERNAL_PORT,
  SECRETS_FILE,
  SECRETS_FOLDER,
} from "../../replica/layout.ts";
import { LABEL, type Role } from "../names/labels.ts";
import { containerName, countsVolume, networkName, storageVolume } from "../names/names.ts";

/** A container as it should be. */
export interface ContainerSpec {
  readonly name: string;
  readonly service: string;
  /** -1: an ingress, of which there is one a service. */
  readonly ordinal: number;
  readonly role: Role;
  /** It cannot run beside its predecessor: it takes over the name in DNS, the storage or the port of that one. */
  readonly exclusive: boolean;
  /** Names under which others on the app's network find it. */
  readonly aliases: readonly string[];
  /** The port that has to accept connections before it counts as ready; null: none is known. Not for replicas. */
  readonly port: number | null;
  /** What the engine is asked to create. Labels are complete. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** Compared with the label of a container that runs: see {@link differences}. */
  readonly spec: string;
}

export interface SpecOptions {
  readonly topology: Topology;
  /** `hashTopology` of it. */
  readonly topologyHash: string;
  readonly revision: string;
  readonly runCall: number;
  /** The tag of the app's image. */
  readonly image: string;
  /** For each service with secrets, the volume that holds them. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** By the engine's DNS: a service's name is an alias of all its containers, and each shard has one of its own. */
const PEERS: PeerNames = {
  "*": { any: `{service}:${INTERNAL_PORT}`, shard: `{service}.{ordinal}:${INTERNAL_PORT}` },
};

/** The container of one replica. */
export function replicaSpec(options: SpecOptions, service: ServiceTopology, ordinal: number): ContainerSpec {
  const { app } = options.topology;
  const own = service.image === null;
  return finish({
    app,
    revision: options.revision,
    name: containerName(app, service.name, ordinal),
    service: service.name,
    ordinal,
    role: own ? "replica" : "image",
    exclusive: service.sharded || (publishesItself(service) && service.exposed?.port != null),
    aliases: service.sharded ? [service.name, `${service.name}.${ordinal}`] : [service.name],
    port: service.image === null ? null : mainPort(service.image),
    procedures: service.procedures,
    aspects: aspectsOf(options, service, ordinal),
    signed: aspectsOf({ ...options, revision: "" }, service, 0),
    host: own ? HARDENED : { SecurityOpt: ["no-new-privileges:true"] },
  });
}

function aspectsOf(options: SpecOptions, service: ServiceTopology, ordinal: number): Aspects {
  const own = service.image === null;
  const direct = publishesItself(service);
  const containerPort = own ? EXPOSED_PORT : mainPort(service.image);
  return {
    image: own
      ? {
          Image: options.image,
          Entrypoint: replicaCommand(service),
          User: IMAGE.user,
          StopSignal: "SIGTERM",
        }
      : { Image: service.image.reference, ...(service.image.args.length > 0 ? { Cmd: service.image.args } : {}) },
    env: { Env: Object.entries(environmentOf(options, service, ordinal)).map(([key, value]) => `${key}=${value}`) },
    resources: {
      Memory: service.capacity.memoryBytes,
      MemorySwap: service.capacity.memoryBytes,
      NanoCpus: Math.round(service.capacity.cpu * 1e9),
    },
    mounts: { Mounts: mountsOf(options, service, ordinal) },
    ports:
      direct && service.exposed !== null && containerPort !== null
        ? { [`${containerPort}/tcp`]: [{ HostIp: service.exposed.host, HostPort: String(service.exposed.port ?? "") }] }
        : {},
    stop: { StopTimeout: stopSeconds(service) },
  };
}

/** Whether replicas publish a port of their own. Else an ingress keeps the port while they come and go. */
export function publishesItself(service: ServiceTopology): boolean {
  return service.exposed !== null && service.exposed.port === null && service.replicas === 1;
}

/** How long the engine waits after SIGTERM: what a replica may take to drain, and a little to end. */
export function stopSeconds(service: ServiceTopology): number {
  return Math.ceil(service.limits.drainMs / 1000) + 2;
}

/** What our own code may do: nothing but run and talk. */
export const HARDENED = {
  ReadonlyRootfs: true,
  CapDrop: ["ALL"],
  SecurityOpt: ["no-new-privileges:true"],
  Tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=64m,mode=1777" },
};

interface Parts {
  readonly app: string;
  readonly revision: string;
  readonly name: string;
  readonly service: string;
  readonly ordinal: number;
  readonly role: Role;
  readonly exclusive: boolean;
  readonly aliases: readonly string[];
  readonly port: number | null;
  readonly procedures: readonly string[];
  readonly aspects: Aspects;
  /** The same, without what differs from replica to replica and from version to version for no other reason. */
  readonly signed: Aspects;
  readonly host: object;
}

interface Aspects {
  readonly image: object;
  readonly env: object;
  readonly resources: object;
  readonly mounts: object;
  readonly ports: Readonly<Record<string, readonly object[]>>;
  readonly stop: object;
}

/** How every container lives: no zombie is left, it comes back, and its log does not grow for ever. */
const LIFE = {
  Init: true,
  // Not "unless-stopped": an engine that comes back after a crash takes what it had to end for stopped by somebody.
  RestartPolicy: { Name: "always" },
  LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
};

/** Puts the aspects of a container together as the engine wants them, and signs each for later comparison. */
export function finish(parts: Parts): ContainerSpec {
  const { app, name, service, ordinal, role, aliases, aspects, host, revision, procedures } = parts;
  const network = networkName(app);
  const signed = { ...parts.signed, network: { network, exclusive: parts.exclusive }, hardening: host, life: LIFE };
  const spec = Object.entries(signed)
    .map(([aspect, value]) => `${aspect}=${toHash(value)}`)
    .join(" ");
  const payload = {
    ...aspects.image,
    ...aspects.env,
    ...aspects.stop,
    Labels: {
      [LABEL.app]: app,
      [LABEL.service]: service,
      [LABEL.revision]: revision,
      [LABEL.role]: role,
      [LABEL.spec]: spec,
      ...(ordinal >= 0 ? { [LABEL.ordinal]: String(ordinal) } : {}),
      ...(procedures.length > 0 ? { [LABEL.procedures]: procedures.join(",") } : {}),
    },
    ExposedPorts: Object.fromEntries(Object.keys(aspects.ports).map((port) => [port, {}])),
    HostConfig: {
      ...aspects.resources,
      ...aspects.mounts,
      ...host,
      PortBindings: aspects.ports,
      NetworkMode: network,
      ...LIFE,
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: aliases } } },
  };
  return { name, service, ordinal, role, exclusive: parts.exclusive, aliases, port: parts.port, payload, spec };
}

/**
 * In which aspects a container that runs differs from what it should be, in words; empty where it does not.
 * Each aspect has a hash of its own in the label, so that the plan can say what changed.
 */
export function differences(running: string | undefined, wanted: string): readonly string[] {
  if (running === wanted) return [];
  const parse = (text: string) => new Map(text.split(" ").map((one) => one.split("=") as [string, string]));
  const before = parse(running ?? "");
  const changed = [...parse(wanted)]
    .filter(([aspect, value]) => before.get(aspect) !== value)
    .map(([aspect]) => aspect);
  return changed.length > 0 ? changed : ["form"];
}

function environmentOf(
  options: SpecOptions,
  service: ServiceTopology,
  ordinal: number,
): Readonly<Record<string, string>> {
  if (service.image !== null) return service.env;
  const secretsFile = options.secrets[service.name] === undefined ? undefined : `${SECRETS_FOLDER}/${SECRETS_FILE}`;
  return {
    ...service.env,
    NODE_ENV: service.env.NODE_ENV ?? "production",
    ...containerEnvironment({ ...options, peers: PEERS }, service, { ordinal, secretsFile }),
  };
}

function mountsOf(options: SpecOptions, service: ServiceTopology, ordinal: number): readonly object[] {
  const { app } = options.topology;
  const own = service.image === null;
  const volume = (Source: string, Target: string, ReadOnly: boolean) => ({
    Type: "volume",
    Source,
    Target,
    ReadOnly,
    VolumeOptions: { NoCopy: own },
  });
  const secrets = options.secrets[service.name];
  return [
    ...(own && needsCounts(options.topology) ? [volume(countsVolume(app), COUNTS_FOLDER, true)] : []),
    ...(secrets === undefined ? [] : [volume(secrets, own ? SECRETS_FOLDER : IMAGE_SECRETS_FOLDER, true)]),
    ...(service.storage === null
      ? []
      : [volume(storageVolume(app, service.name, ordinal), posix.resolve(FILES_FOLDER, service.storage.path), false)]),
  ];
}

function toHash(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(value ?? null))
    .digest("hex")
    .slice(0, 8);
}
