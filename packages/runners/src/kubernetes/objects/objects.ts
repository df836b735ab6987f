import { HadronError } from "@hadron/core/spi";
import type { Spec, Status } from "./fields.ts";

/** A Kubernetes object, as plain JSON. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly ManagedFields[];
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
  };
  readonly spec?: Spec;
  readonly status?: Status;
  readonly data?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1?: { readonly "f:spec"?: { readonly "f:replicas"?: object } };
}

/** The kinds that we make, in the order in which they are made: what others refer to first. */
export const KINDS = {
  ServiceAccount: { api: "/api/v1", plural: "serviceaccounts" },
  Secret: { api: "/api/v1", plural: "secrets" },
  ConfigMap: { api: "/api/v1", plural: "configmaps" },
  NetworkPolicy: { api: "/apis/networking.k8s.io/v1", plural: "networkpolicies" },
  Service: { api: "/api/v1", plural: "services" },
  PodDisruptionBudget: { api: "/apis/policy/v1", plural: "poddisruptionbudgets" },
  Deployment: { api: "/apis/apps/v1", plural: "deployments" },
  StatefulSet: { api: "/apis/apps/v1", plural: "statefulsets" },
  Ingress: { api: "/apis/networking.k8s.io/v1", plural: "ingresses" },
} as const;

/** Kinds that the cluster makes for us and that outlive their makers for a while, or for good. */
const MADE_FOR_US = {
  Pod: { api: "/api/v1", plural: "pods" },
  PersistentVolumeClaim: { api: "/api/v1", plural: "persistentvolumeclaims" },
  ReplicaSet: { api: "/apis/apps/v1", plural: "replicasets" },
  Event: { api: "/api/v1", plural: "events" },
} as const;

/** Made while a command is under way, and gone after it: see {@link Lease}. */
const PASSING = {
  Lease: { api: "/apis/coordination.k8s.io/v1", plural: "leases" },
} as const;

const ALL_KINDS = { ...KINDS, ...MADE_FOR_US, ...PASSING };

export type OwnKind = keyof typeof KINDS;
export type Kind = keyof typeof ALL_KINDS;

export const OWN_KINDS = Object.keys(KINDS) as readonly OwnKind[];

/** The path of a collection, or of one object in it. */
export function pathOf(kind: Kind, namespace: string, name?: string): string {
  const { api, plural } = ALL_KINDS[kind];
  return `${api}/namespaces/${namespace}/${plural}${name === undefined ? "" : `/${name}`}`;
}

/** A kind that an object of the API server says it is of. */
export function kindOf(text: string): Kind {
  if (isKind(text)) return text;
  throw new HadronError("INTERNAL", `There is no kind "${text}" among those that are asked for.`);
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(ALL_KINDS, text);
}

/** The version of its API, as its objects say it. */
export function apiVersionOf(kind: Kind): string {
  return ALL_KINDS[kind].api.replace(/^\/apis?\//, "");
}

/** The plural of a kind, as people and the API server call it. */
export function pluralOf(kind: Kind): string {
  return ALL_KINDS[kind].plural;
}
