/**
 * What we read of the objects that a cluster shows: any field may be missing, on any kind. What we make has types of its own
 * where it is made.
 */
export interface Spec {
  /** Of a workload. */
  readonly replicas?: number;
  readonly template?: { readonly spec?: { readonly terminationGracePeriodSeconds?: number } };
  readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
  /** Of a Service. */
  readonly type?: string;
  readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[];
  /** Of an Ingress. */
  readonly rules?: readonly { readonly host?: string; readonly http?: object }[];
  /** Of a claim. */
  readonly resources?: { readonly requests?: { readonly storage?: string } };
  /** Of a Lease. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  /** Of a pod. */
  readonly containers?: readonly { readonly name: string }[];
  /** What else there is, is passed on. */
  readonly [field: string]: unknown;
}

export interface Status {
  readonly conditions?: readonly Condition[];
  /** Of a workload. */
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly currentRevision?: string;
  readonly updateRevision?: string;
  /** Of a pod. */
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly hostIP?: string;
  readonly containerStatuses?: readonly ContainerStatus[];
  /** Of a claim. */
  readonly capacity?: { readonly storage?: string };
  /** Of a Service or an Ingress. */
  readonly loadBalancer?: { readonly ingress?: readonly { readonly hostname?: string; readonly ip?: string }[] };
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
}
