import type { PodSpec, Selector } from "./pod-spec.ts";

/* Specs and statuses by kind, as far as we make or read them. What a cluster shows may lack any field. */

/** Of a Deployment or a StatefulSet. */
export interface WorkloadSpec {
  readonly replicas?: number;
  readonly revisionHistoryLimit?: number;
  readonly selector?: Selector;
  readonly template?: PodTemplate;
  /** These: of a Deployment. */
  readonly minReadySeconds?: number;
  readonly progressDeadlineSeconds?: number;
  readonly strategy?: {
    readonly type: "RollingUpdate";
    readonly rollingUpdate: { readonly maxSurge: string; readonly maxUnavailable: number };
  };
  /** The rest: of a StatefulSet. */
  readonly updateStrategy?: {
    readonly type?: "RollingUpdate";
    readonly rollingUpdate?: { readonly partition?: number };
  };
  readonly serviceName?: string;
  readonly podManagementPolicy?: "Parallel";
  readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted: "Retain"; readonly whenScaled: "Retain" };
  readonly volumeClaimTemplates?: readonly ClaimTemplate[];
}

export interface PodTemplate {
  readonly metadata?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec?: Partial<PodSpec>;
}

export interface ClaimTemplate {
  readonly apiVersion: "v1";
  readonly kind: "PersistentVolumeClaim";
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: ClaimSpec;
}

export interface ClaimSpec {
  readonly accessModes?: readonly "ReadWriteOnce"[];
  readonly resources?: { readonly requests?: { readonly storage?: string } };
}

export interface ClaimStatus {
  readonly capacity?: { readonly storage?: string };
}

export interface WorkloadStatus {
  readonly conditions?: readonly Condition[];
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  /** Of a StatefulSet. */
  readonly currentRevision?: string;
  readonly updateRevision?: string;
}

/** Of a pod that is there, whoever made its containers. */
export interface SeenPodSpec {
  readonly containers?: readonly {
    readonly name: string;
    readonly resources?: { readonly limits?: { readonly memory?: string } };
  }[];
}

export interface PodStatus {
  readonly conditions?: readonly Condition[];
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly hostIP?: string;
  readonly containerStatuses?: readonly ContainerStatus[];
}

export interface ServiceSpec {
  readonly type?: ServiceType;
  readonly clusterIP?: string;
  readonly publishNotReadyAddresses?: boolean;
  readonly externalTrafficPolicy?: "Cluster" | "Local";
  readonly ports?: readonly ServicePort[];
  readonly selector?: Readonly<Record<string, string>>;
}

export type ServiceType = "ClusterIP" | "NodePort" | "LoadBalancer";

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: "TCP";
  readonly targetPort?: string;
  readonly appProtocol?: string;
  readonly nodePort?: number;
}

export interface IngressSpec {
  readonly ingressClassName?: string;
  readonly tls?: readonly { readonly hosts: readonly string[]; readonly secretName: string }[];
  readonly rules?: readonly IngressRule[];
}

export interface IngressRule {
  readonly host?: string;
  readonly http?: { readonly paths: readonly IngressPath[] };
}

export interface IngressPath {
  readonly path: string;
  readonly pathType: "Prefix";
  readonly backend: { readonly service: { readonly name: string; readonly port: { readonly number: number } } };
}

/** https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec */
export interface HttpRouteSpec {
  readonly parentRefs: readonly { readonly namespace?: string; readonly name: string }[];
  readonly hostnames?: readonly string[];
  readonly rules: readonly {
    readonly matches: readonly { readonly path: { readonly type: "PathPrefix"; readonly value: string } }[];
    readonly backendRefs: readonly { readonly name: string; readonly port: number }[];
  }[];
}

/** Of a Service or an Ingress. */
export interface BalancedStatus {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly hostname?: string; readonly ip?: string }[] };
}

export interface NetworkPolicySpec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly "Ingress"[];
  readonly ingress: readonly {
    readonly from?: readonly ({ readonly podSelector: Selector } | { readonly namespaceSelector: Selector })[];
    readonly ports?: readonly { readonly port: string; readonly protocol: "TCP" }[];
  }[];
}

export interface DisruptionBudgetSpec {
  readonly maxUnavailable: number;
  readonly selector: Selector;
  readonly unhealthyPodEvictionPolicy: "AlwaysAllow";
}

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly leaseTransitions?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly containerID?: string;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

/** One of them is there. */
export interface ContainerState {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: ContainerEnd;
}

export interface ContainerEnd {
  readonly reason?: string;
  readonly exitCode?: number;
  readonly signal?: number;
  /** The last lines of its log, 2 KiB at most, where it has failed: kept when the container is gone. */
  readonly message?: string;
}
