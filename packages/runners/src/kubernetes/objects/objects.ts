import type {
  BalancedStatus,
  ClaimSpec,
  ClaimStatus,
  DisruptionBudgetSpec,
  HttpRouteSpec,
  IngressSpec,
  LeaseSpec,
  NetworkPolicySpec,
  PodStatus,
  SeenPodSpec,
  ServiceSpec,
  WorkloadSpec,
  WorkloadStatus,
} from "./fields.ts";

/** A Kubernetes object of a kind that we make or read, as plain JSON. */
export type KubeObject =
  | Workload
  | Pod
  | Claim
  | Service
  | Ingress
  | HttpRoute
  | Lease
  | Secret
  | ConfigMap
  | Kubernetes<"ServiceAccount", { readonly automountServiceAccountToken?: boolean }>
  | Kubernetes<"NetworkPolicy", { readonly spec?: NetworkPolicySpec }>
  | Kubernetes<"PodDisruptionBudget", { readonly spec?: DisruptionBudgetSpec }>
  | Kubernetes<"ReplicaSet", object>
  | Kubernetes<"Event", object>;

/** What makes pods. */
export type Workload = Deployment | StatefulSet;
export type Deployment = Kubernetes<"Deployment", WorkloadFields>;
export type StatefulSet = Kubernetes<"StatefulSet", WorkloadFields>;
export type Pod = Kubernetes<"Pod", { readonly spec?: SeenPodSpec; readonly status?: PodStatus }>;
export type Claim = Kubernetes<"PersistentVolumeClaim", { readonly spec?: ClaimSpec; readonly status?: ClaimStatus }>;
export type Service = Kubernetes<"Service", { readonly spec?: ServiceSpec; readonly status?: BalancedStatus }>;
export type Ingress = Kubernetes<"Ingress", { readonly spec?: IngressSpec; readonly status?: BalancedStatus }>;
/** Of the Gateway API, which a cluster may not have. */
export type HttpRoute = Kubernetes<"HTTPRoute", { readonly spec?: HttpRouteSpec }>;
export type Lease = Kubernetes<"Lease", { readonly spec?: LeaseSpec }>;
/** Its values are in base64. */
export type Secret = Kubernetes<"Secret", Data & { readonly type?: "Opaque" | "kubernetes.io/tls" }>;
export type ConfigMap = Kubernetes<"ConfigMap", Data>;

export type Kind = KubeObject["kind"];
export type ObjectOf<K extends Kind> = Extract<KubeObject, { readonly kind: K }>;

interface WorkloadFields {
  readonly spec?: WorkloadSpec;
  readonly status?: WorkloadStatus;
}

interface Data {
  readonly data?: Readonly<Record<string, string>>;
}

type Kubernetes<K extends string, Fields> = Fields & {
  readonly apiVersion: string;
  readonly kind: K;
  readonly metadata: Metadata;
};

export interface Metadata {
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
}

export interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1?: { readonly "f:spec"?: { readonly "f:replicas"?: object } };
}

interface Place {
  readonly api: string;
  readonly plural: string;
}

/** The kinds that we make and every cluster knows, in the order in which they are made: what others refer to first. */
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
} as const satisfies Readonly<Partial<Record<Kind, Place>>>;

/** Kinds that we make, last, and that a cluster knows where they were installed. */
const ADDED = {
  HTTPRoute: { api: "/apis/gateway.networking.k8s.io/v1", plural: "httproutes" },
} as const satisfies Readonly<Partial<Record<Kind, Place>>>;

/** Kinds that the cluster makes for us and that outlive their makers for a while, or for good. */
const MADE_FOR_US = {
  Pod: { api: "/api/v1", plural: "pods" },
  PersistentVolumeClaim: { api: "/api/v1", plural: "persistentvolumeclaims" },
  ReplicaSet: { api: "/apis/apps/v1", plural: "replicasets" },
  Event: { api: "/api/v1", plural: "events" },
} as const satisfies Readonly<Partial<Record<Kind, Place>>>;

/** Made while a command is under way, and gone after it: see {@link Lease}. */
const PASSING = {
  Lease: { api: "/apis/coordination.k8s.io/v1", plural: "leases" },
} as const satisfies Readonly<Partial<Record<Kind, Place>>>;

const ALL_KINDS: Readonly<Record<Kind, Place>> = { ...KINDS, ...ADDED, ...MADE_FOR_US, ...PASSING };

export type OwnKind = keyof typeof KINDS | keyof typeof ADDED;

export const OWN_KINDS = Object.keys(KINDS).filter(isCommon);
/** Those and the ones that a cluster may not know. */
export const ALL_OWN_KINDS: readonly OwnKind[] = [...OWN_KINDS, "HTTPRoute"];

/** The path of a collection, or of one object in it. */
export function pathOf(kind: Kind, namespace: string, name?: string): string {
  const { api, plural } = ALL_KINDS[kind];
  return `${api}/namespaces/${namespace}/${plural}${name === undefined ? "" : `/${name}`}`;
}

/** Tests whether an object is of a kind. */
export function isOf<K extends Kind>(object: KubeObject | undefined, kind: K): object is ObjectOf<K> {
  return object?.kind === kind;
}

export function isWorkload(object: KubeObject): object is Workload {
  return object.kind === "Deployment" || object.kind === "StatefulSet";
}

function isCommon(kind: string): kind is keyof typeof KINDS {
  return Object.hasOwn(KINDS, kind);
}

/** The version of its API, as its objects say it. */
export function apiVersionOf(kind: Kind): string {
  return ALL_KINDS[kind].api.replace(/^\/apis?\//, "");
}

/** The plural of a kind, as people and the API server call it. */
export function pluralOf(kind: Kind): string {
  return ALL_KINDS[kind].plural;
}
