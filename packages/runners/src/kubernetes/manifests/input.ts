import type { Program, ServiceTopology, Topology } from "@hadron/core/spi";
import type { ServiceNames } from "../objects/names.ts";

/** All that the objects of an app are made of. */
export interface ManifestInput {
  readonly topology: Topology;
  /** `hashTopology` of it. */
  readonly topologyHash: string;
  /** The image with our code. */
  readonly image: string;
  readonly revision: string;
  /** See HADRON_RUN. */
  readonly runCall: number;
  /** The captured values that are no secrets, kept beside the topology. @default none */
  readonly captured?: string | undefined;
  /** Changes when a secret does, so that its pods are replaced; undefined: not known here. */
  readonly secretsVersion: string | undefined;
  /** How many replicas a service has where somebody else, an autoscaler, decides that. */
  readonly counts: Readonly<Record<string, number>>;
  /** The name of a Secret with registry credentials of the cluster, or undefined. */
  readonly pullSecret: string | undefined;
  /** What the app changes of its objects. @default nothing */
  readonly kubernetesPatchOf?: Program["kubernetesPatchOf"] | undefined;
}

/** One service with all that its manifests need. */
export interface ServiceInput extends ManifestInput {
  readonly service: ServiceTopology;
  readonly names: ServiceNames;
  readonly allNames: ReadonlyMap<string, ServiceNames>;
}

/**
 * Whether each replica has a number, a name and perhaps storage of its own, and is gone before another takes its place: a
 * StatefulSet's. Storage has one owner at a time, so a single replica that has some is a set of one.
 */
export function isStateful({ sharded, storage }: Pick<ServiceTopology, "sharded" | "storage">): boolean {
  return sharded || storage !== null;
}

/**
 * How long an exposed replica serves on after its end was announced, while proxies and balancers learn of it, and its callers, with each answer,
 * that they should come back on another connection.
 */
const ANNOUNCE_SECONDS = 5;

/** What is added to the time that a replica has to end. */
export function announceSeconds(service: ServiceTopology): number {
  return service.image === null && service.exposed !== null && !isStateful(service) ? ANNOUNCE_SECONDS : 0;
}
