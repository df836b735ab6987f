import { posix } from "node:path";
import { hangMsOf, mainPort, own, type PeerNames, type ServiceTopology, type Topology } from "@hadron/core/spi";
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
import { declaredEnvironment } from "../../shared/declared-environment.ts";
import { containerName, countsVolume, storageVolume } from "../names/names.ts";
import { type ContainerReadiness, type ContainerSpec, finish } from "./finish.ts";
import { type Aspects, GUARDED, HARDENED, type Mount } from "./payload.ts";

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
    // D7: of one storage there is one owner at a time.
    exclusive:
      service.sharded || service.storage !== null || (publishesItself(service) && service.exposed?.port != null),
    aliases: aliasesOf(service, ordinal),
    ready: readinessOf(service),
    form: undefined,
    procedures: service.procedures,
    aspects: aspectsOf(options, service, ordinal),
    signed: aspectsOf({ ...options, revision: "" }, service, 0),
    host: own ? HARDENED : GUARDED,
  });
}

/** Whether replicas publish a port of their own. Else an ingress keeps the port while they come and go, speaks TLS, and looks at connections. */
export function publishesItself({ exposed, replicas }: ServiceTopology): boolean {
  if (exposed === null || exposed.port !== null || replicas > 1) return false;
  return (
    exposed.tls === undefined && exposed.connectionsPerAddress === undefined && exposed.proxyProtocol === undefined
  );
}

/** How long the engine waits after SIGTERM: what a replica may take to drain, and a little to end. */
export function stopSeconds(service: Pick<ServiceTopology, "limits">): number {
  return Math.ceil(service.limits.drainMs / 1000) + 2;
}

/** The names of all secrets that a service gets, whoever makes them. */
export function secretNames({ secrets, generated = [] }: ServiceTopology): readonly string[] {
  return [...secrets, ...generated].sort();
}

/** An image is found by its name with dashes, too, which is the only one that it has on a cluster. */
function aliasesOf({ name, sharded, image }: ServiceTopology, ordinal: number): readonly string[] {
  if (sharded) return [name, `${name}.${ordinal}`];
  return image !== null && name.includes(".") ? [name, name.replaceAll(".", "-")] : [name];
}

function readinessOf({ image }: ServiceTopology): ContainerReadiness {
  if (image === null) return { by: "word" };
  const { ready, ports } = image;
  return ready === undefined ? { by: "sight", port: mainPort(image) } : { by: "declaration", ready, ports };
}

function aspectsOf(options: SpecOptions, service: ServiceTopology, ordinal: number): Aspects {
  const { cpu, memoryBytes } = service.capacity;
  return {
    image: imageOf(options, service),
    env: { Env: Object.entries(environmentOf(options, service, ordinal)).map(([key, value]) => `${key}=${value}`) },
    resources: { Memory: memoryBytes, MemorySwap: memoryBytes, NanoCpus: Math.round(cpu * 1e9) },
    mounts: { Mounts: mountsOf(options, service, ordinal) },
    ports: portsOf(service),
    stop: { StopTimeout: stopSeconds(service) },
  };
}

function imageOf({ image: ownImage }: SpecOptions, service: ServiceTopology): Aspects["image"] {
  if (service.image === null) {
    return { Image: ownImage, Entrypoint: replicaCommand(service), User: IMAGE.user, StopSignal: "SIGTERM" };
  }
  const { reference, args, command, user } = service.image;
  return {
    Image: reference,
    ...(command === undefined ? {} : { Entrypoint: command }),
    ...(args.length > 0 ? { Cmd: args } : {}),
    ...(user === undefined ? {} : { User: `${user.uid}:${user.gid}` }),
  };
}

function portsOf(service: ServiceTopology): Aspects["ports"] {
  const { exposed, image } = service;
  const port = image === null ? EXPOSED_PORT : mainPort(image);
  if (exposed === null || port === null || !publishesItself(service)) return {};
  return { [`${port}/tcp`]: [{ HostIp: exposed.host, HostPort: String(exposed.port ?? "") }] };
}

function environmentOf(
  options: SpecOptions,
  service: ServiceTopology,
  ordinal: number,
): Readonly<Record<string, string>> {
  if (service.image !== null) return service.env;
  const secretsFile =
    own(options.secrets, service.name) === undefined ? undefined : `${SECRETS_FOLDER}/${SECRETS_FILE}`;
  return {
    ...declaredEnvironment(service),
    ...containerEnvironment({ ...options, peers: PEERS }, service, {
      ordinal,
      secretsFile,
      hangMs: hangMsOf(service.limits),
      outside: outsideOf(service),
    }),
  };
}

/** Of one that asked for a port: any other is the engine's to find, once the container is there. */
function outsideOf({ exposed }: ServiceTopology): string | undefined {
  if (exposed?.port == null) return undefined;
  const host = exposed.host === "0.0.0.0" ? "127.0.0.1" : exposed.host === "::" ? "::1" : exposed.host;
  return `${exposed.tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${exposed.port}`;
}

function mountsOf(options: SpecOptions, service: ServiceTopology, ordinal: number): readonly Mount[] {
  const { app } = options.topology;
  const isOwn = service.image === null;
  const volume = (Source: string, Target: string, ReadOnly: boolean): Mount => ({
    Type: "volume",
    Source,
    Target,
    ReadOnly,
    // An image whose user is declared finds an empty folder that is that user's; else its own folder says whose it is.
    VolumeOptions: { NoCopy: isOwn || service.image?.user !== undefined },
  });
  const secrets = own(options.secrets, service.name);
  return [
    ...(isOwn && needsCounts(options.topology) ? [volume(countsVolume(app), COUNTS_FOLDER, true)] : []),
    ...(secrets === undefined ? [] : [volume(secrets, isOwn ? SECRETS_FOLDER : IMAGE_SECRETS_FOLDER, true)]),
    ...(service.storage === null
      ? []
      : [volume(storageVolume(app, service.name, ordinal), posix.resolve(FILES_FOLDER, service.storage.path), false)]),
  ];
}
