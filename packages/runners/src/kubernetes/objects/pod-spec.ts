import type { KubernetesToleration } from "@hadron/core/spi";

/** A pod, as far as we say it: the parts of Kubernetes' own `PodSpec` that we use. */
export interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly shareProcessNamespace?: boolean;
  readonly dnsConfig: { readonly options: readonly { readonly name: string; readonly value: string }[] };
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: {
    readonly runAsNonRoot: boolean;
    readonly runAsUser: number;
    readonly runAsGroup: number;
    /** Volumes that are mounted belong to this group. */
    readonly fsGroup: number;
    readonly fsGroupChangePolicy: "OnRootMismatch";
    readonly seccompProfile: { readonly type: "RuntimeDefault" };
  };
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly KubernetesToleration[];
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly topologySpreadConstraints?: readonly {
    readonly maxSkew: number;
    readonly topologyKey: string;
    readonly whenUnsatisfiable: "ScheduleAnyway";
    readonly labelSelector: Selector;
  }[];
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
}

export interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: "In" | "NotIn";
    readonly values: readonly string[];
  }[];
}

export interface Container {
  readonly name: "replica" | "image";
  readonly image: string;
  readonly imagePullPolicy?: "IfNotPresent";
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly ports?: readonly ContainerPort[];
  readonly env: readonly EnvVar[];
  readonly resources: { readonly requests: Quantities; readonly limits: Quantities };
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[] };
  };
  readonly volumeMounts: readonly VolumeMount[];
  readonly terminationMessagePolicy: "FallbackToLogsOnError";
}

export interface ContainerPort {
  readonly name: string;
  readonly containerPort: number;
  readonly protocol: "TCP";
}

/** Amounts as Kubernetes writes them, e.g. `10m`, `64Mi`; others than these two where the app says so. */
export interface Quantities {
  readonly cpu: string;
  readonly memory: string;
  readonly [resource: string]: string;
}

export type EnvVar = { readonly name: string } & (
  | { readonly value: string }
  | { readonly valueFrom: { readonly fieldRef: { readonly apiVersion: "v1"; readonly fieldPath: string } } }
  | { readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } } }
);

/** How a probe asks. */
export type Question =
  | { readonly tcpSocket: { readonly port: string } }
  | { readonly httpGet: { readonly path: string; readonly port: string; readonly scheme: "HTTP" } }
  | { readonly exec: { readonly command: readonly string[] } };

export type Probe = Question & {
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
  readonly terminationGracePeriodSeconds?: number;
};

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

export type Volume = { readonly name: string } & (
  | { readonly emptyDir: { readonly sizeLimit: string } }
  | { readonly configMap: { readonly name: string } }
  | { readonly projected: { readonly sources: readonly ProjectedSecret[]; readonly defaultMode: number } }
);

/** Some of what a Secret holds, as files. */
export interface ProjectedSecret {
  readonly secret: {
    readonly name: string;
    readonly items: readonly { readonly key: string; readonly path: string }[];
  };
}
