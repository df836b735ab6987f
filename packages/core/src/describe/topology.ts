import type { ImageTopology } from "../declare/containers/image-topology.ts";
import type { KubernetesTopology } from "../declare/containers/kubernetes.ts";
import type { Expose, Limits } from "../declare/definition.ts";

/** The version of {@link Topology}; raised when a reader of the old form would misunderstand the new. */
export const TOPOLOGY_VERSION = 2;

/**
 * An app as plain data: all that a runner reads. The same file gives the same topology, byte for byte.
 * Its JSON schema is `@hadron/core/topology.schema.json`.
 */
export interface Topology {
  readonly version: typeof TOPOLOGY_VERSION;
  /** The app's name: one DNS label. */
  readonly app: string;
  /** Each service, a pattern's root before its children, in the order of declaration. */
  readonly services: readonly ServiceTopology[];
  /** What they keep. Absent where they keep nothing. */
  readonly resources?: readonly ResourceTopology[];
  /** What whoever deployed chose of what the file leaves open. Absent where nothing was. */
  readonly choices?: Choices;
  /** What is computed when it is deployed. Absent where nothing is. */
  readonly captures?: readonly CaptureTopology[];
  /** What is said of all of its objects on a Kubernetes cluster. No part of what replicas compare. Absent where nothing is. */
  readonly kubernetes?: KubernetesTopology;
}

/** A value that is computed at deploy time, as `describe` shows it: not what it is. */
export interface CaptureTopology {
  readonly name: string;
  /** When it is computed again: with a new revision, with each `up`, or where somebody says so. */
  readonly on: "revision" | "up" | "once";
  /** Whether only those that use it are given it. Absent where it is no secret. */
  readonly secret?: true;
  /** Whether every service may use it. Absent where only those may that say so. */
  readonly shared?: true;
}

/** What whoever deploys chose of what the file leaves open. Part of the topology, since it shapes it. */
export interface Choices {
  /** Other images than those declared, by service. */
  readonly images?: Readonly<Record<string, string>>;
  /**
   * Servers that run elsewhere, by the hidden service that is then not part of the app: the name of the variable that holds the
   * URL. Those that use it get that as a secret.
   */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** What another deployment kept on those servers is taken over. */
  readonly adopt?: true;
  /** Other ways in which hidden services do their work, by service: e.g. `postgres` for `hadron.store`. */
  readonly variants?: Readonly<Record<string, string>>;
}

/** A resource as runners and `describe` see it: plain data. */
export interface ResourceTopology {
  /** What kind of thing, e.g. `keyValue`. Kind and name together are unique. */
  readonly kind: string;
  readonly name: string;
  /** The service that keeps it. */
  readonly keeper: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether every service may use it. Absent where only those may that say so. */
  readonly shared?: true;
}

/** A service as runners and `describe` see it: plain data, without its code. */
export interface ServiceTopology {
  /** The full name: DNS labels joined by dots. */
  readonly name: string;
  /** The pattern whose root it is, e.g. `scatter`; null for plain handlers. */
  readonly pattern: string | null;
  /** The names of its procedures. Empty for an image. */
  readonly procedures: readonly string[];
  /** Those of them that may be run twice. */
  readonly idempotent: readonly string[];
  /** How many replicas are declared, over all groups. */
  readonly replicas: number;
  /** Whether each replica has an index, a stable name and, where asked for, storage. */
  readonly sharded: boolean;
  /**
   * Into how many sets the replicas are split: one for each shard of a sharded parent, else 1.
   * Replica k belongs to set k modulo `groups` and is the (k div `groups`)th of it, so that growing keeps all in place.
   */
  readonly groups: number;
  /** What its root's handlers call: the pattern's name for it, and the service. */
  readonly children: readonly { readonly key: string; readonly service: string }[];
  readonly exposed: Expose | null;
  /** The procedure that outside callers reach with requests of HTTP, whatever their path. Absent where there is none: they call by JSON-RPC. */
  readonly web?: string;
  /** The paths below which that is so, each of the form `/hooks/*`; everywhere else callers speak JSON-RPC. Absent: everywhere. */
  readonly webPaths?: readonly string[];
  /** Cores, and bytes, that one replica may use. */
  readonly capacity: { readonly cpu: number; readonly memoryBytes: number };
  /** What of them was declared, so that a scheduler reserves it. Absent where nothing was. */
  readonly requests?: { readonly cpu?: number; readonly memoryBytes?: number };
  readonly limits: Limits;
  readonly env: Readonly<Record<string, string>>;
  /** Names only. */
  readonly secrets: readonly string[];
  /** Names of secrets that the runner makes once and keeps; delivered as {@link secrets} are. Absent where there is none. */
  readonly generated?: readonly string[];
  /** The services that it says it calls, beside its children, and resources and captured values, as `kind:name`. Absent where it says nothing. */
  readonly uses?: readonly string[];
  /** What its parts say of themselves, e.g. the digest of a module that they run. Absent where they say nothing. */
  readonly details?: Readonly<Record<string, string>>;
  /** Paths relative to the app file's folder. */
  readonly files: readonly string[];
  readonly storage: { readonly path: string; readonly sizeBytes: number } | null;
  /** The container image, where it is not our own code. */
  readonly image: ImageTopology | null;
  /** Whether a part of the app takes the image's place where no containers run. Absent where none does. */
  readonly standIn?: true;
  /** Whether it is ready before other services are started or replaced: it prepares what they need. Absent where it is like any other. */
  readonly first?: true;
  /** What is said of its own objects on a Kubernetes cluster. No part of what replicas compare. Absent where nothing is. */
  readonly kubernetes?: KubernetesTopology;
}

/** The port of an image that `expose` is about, and that a probe asks: the first. Null where it has none. */
export function mainPort({ ports }: ImageTopology): number | null {
  return Object.values(ports)[0] ?? null;
}

/** The name of one replica, e.g. `histogram-service.leaf.3`. */
export function replicaName(service: string, ordinal: number): string {
  return `${service}.${ordinal}`;
}

/** Which set a replica belongs to, and which one it is of that. See {@link ServiceTopology.groups}. */
export function placeOf(ordinal: number, groups: number): { readonly group: number; readonly index: number } {
  return { group: ordinal % groups, index: Math.floor(ordinal / groups) };
}

/**
 * I11: the hash that travels with a deployment. How many replicas run is not part of it: `scale` changes that in place; nor is
 * what only a cluster reads.
 * 16 hexadecimal digits of SHA-256.
 */
export function hashTopology(topology: Topology): string {
  // Loaded when it is needed: a replica is told its hash.
  return process
    .getBuiltinModule("node:crypto")
    .createHash("sha256")
    .update(JSON.stringify(comparable(topology)))
    .digest("hex")
    .slice(0, 16);
}

/** The part of a topology that every replica must agree on. */
function comparable({ kubernetes: _, ...topology }: Topology): unknown {
  return { ...topology, services: topology.services.map(({ replicas: _, kubernetes: __, ...rest }) => rest) };
}

/**
 * The first difference between the deployed topology and a replica's own, in words; undefined where they agree.
 *
 * @example `services.greet.procedures.0 is "hello" in the deployment and "hi" in this replica`
 */
export function firstDifference(deployed: Topology, own: Topology): string | undefined {
  // Of variables a replica has the deployed values, whatever it would declare where they are not set.
  const byName = (topology: Topology) =>
    Object.fromEntries(
      topology.services.map(({ replicas: _, env: __, kubernetes: ___, ...rest }) => [rest.name, rest]),
    );
  const sides = [deployed, own].map((topology) => ({
    version: topology.version,
    app: topology.app,
    services: byName(topology),
    resources: topology.resources,
    captures: topology.captures,
    order: topology.services.map((one) => one.name),
  }));
  return difference(sides[0], sides[1], "");
}

function difference(deployed: unknown, own: unknown, path: string): string | undefined {
  if (isRecord(deployed) && isRecord(own)) {
    for (const key of new Set([...Object.keys(deployed), ...Object.keys(own)])) {
      const found = difference(deployed[key], own[key], path === "" ? key : `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (JSON.stringify(deployed) === JSON.stringify(own)) return undefined;
  return `${path} is ${show(deployed)} in the deployment and ${show(own)} in this replica`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function show(value: unknown): string {
  if (value === undefined) return "absent";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
