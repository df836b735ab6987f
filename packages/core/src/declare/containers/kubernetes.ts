import { HadronError, inWords } from "../../errors.ts";

/**
 * What is said of the objects that the Kubernetes runner makes, in Kubernetes' own names. Other runners read none of it, and
 * it is no part of what replicas compare.
 *
 * Of a service: its objects and its pods. Of the app (`run(…, { kubernetes })`): all of them; where both say something, the
 * service counts, key by key.
 *
 * @example
 * run(shop, { kubernetes: { labels: { team: "shop" }, requests: { cpu: "100m", memory: "128Mi" } } });
 */
export interface KubernetesOptions {
  /** Added to the objects and the pods. @default {} */
  readonly labels?: Readonly<Record<string, string>>;
  /** Added to the objects and the pods. @default {} */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Labels of the nodes on which its pods may run. @default any node */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Taints of nodes that its pods bear. @default [] */
  readonly tolerations?: readonly KubernetesToleration[];
  /**
   * What one pod reserves, as quantities: `{ cpu: "250m", memory: "256Mi" }`. @default what `capacity` declares, else 10m and
   * 64Mi
   */
  readonly requests?: Readonly<Record<string, string | number>>;
  /** What one pod may use beside cpu and memory, which `capacity` says: `{ "nvidia.com/gpu": 1 }`. @default none */
  readonly limits?: Readonly<Record<string, string | number>>;
  /** Of a service whose replicas are alike: how many on a cluster, where that is another number than elsewhere. @default the service's `replicas` */
  readonly replicas?: number;
  /** How an Ingress is made of `expose: { via: "ingress" }`, and of the addresses of an app. @default as the cluster has it */
  readonly ingress?: KubernetesIngress;
  /** For what has no option here: see {@link KubernetesPatch}. @default leaves them as they are */
  readonly patch?: KubernetesPatch;
}

/** What only the cluster knows of an Ingress. */
export interface KubernetesIngress {
  /**
   * In place of an Ingress, an HTTPRoute of the Gateway API leads to the service, from the Gateway of this name, or `namespace/name`. That has to
   * take routes from the app's namespace; class and certificates are its own. `expose: { tls: true }` says that it speaks TLS.
   * FAILED_PRECONDITION at `up` and `plan` where the cluster has no Gateway API. @default an Ingress
   */
  readonly gateway?: string;
  /** The name of an IngressClass. @default the cluster's own */
  readonly className?: string;
  /**
   * Serves its host names by TLS: with the certificate of a Secret of the namespace (`tls.crt`, `tls.key`), or with one that cert-manager
   * gets from an issuer, of the namespace or, as `clusterIssuer`, of the cluster. @default its controller's default
   */
  readonly tls?: { readonly secret: string } | { readonly issuer: string } | { readonly clusterIssuer: string };
}

/** A taint that pods bear, as in a pod's `spec.tolerations`. */
export interface KubernetesToleration {
  readonly key?: string;
  readonly operator?: "Exists" | "Equal";
  readonly value?: string;
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  readonly tolerationSeconds?: number;
}

/**
 * Is shown each object before it is compared and sent, and changes it in place, or returns another in its stead; `null`
 * leaves it out, which only a NetworkPolicy, a PodDisruptionBudget, an Ingress or an HTTPRoute can be. The same object has to become the
 * same each time. What it is called, and what Hadron finds it by, it has to leave alone. Objects that hold values of secrets
 * are not shown.
 *
 * @example
 * patch(object) {
 *   if (object.kind === "Deployment") object.spec.template.spec.priorityClassName = "high";
 * }
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that changes it in place returns nothing, and says so in its type.
export type KubernetesPatch = (object: KubernetesManifest) => KubernetesManifest | null | undefined | void;

/** An object of Kubernetes, as JSON: what it holds beside its name is as the API of its kind says. */
export interface KubernetesManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    // The API of each kind has its own fields, which the app's author knows and no type here does.
    [field: string]: any;
  };
  [field: string]: any;
}

/** The data among these options, as a topology has it. */
export type KubernetesTopology = Omit<KubernetesOptions, "patch">;

/** The options with nothing left open, data and code apart. */
export interface ResolvedKubernetes {
  /** Undefined where nothing is said. */
  readonly data: KubernetesTopology | undefined;
  readonly patch: KubernetesPatch | undefined;
}

const MAPS = ["labels", "annotations", "nodeSelector"] as const;
const AMOUNTS = ["requests", "limits"] as const;
const KNOWN: readonly string[] = [...MAPS, "tolerations", ...AMOUNTS, "replicas", "ingress", "patch"];
const TLS: readonly string[] = ["secret", "issuer", "clusterIssuer"];

/** Checks what they are made of: what a cluster takes, its runner knows. INVALID_DECLARATION, by whom and which. */
export function resolveKubernetes(by: string, options: KubernetesOptions = {}): ResolvedKubernetes {
  const fail = (what: string): never => {
    throw new HadronError("INVALID_DECLARATION", `${by}: kubernetes${what}.`);
  };
  if (!isObject(options)) return fail(` is ${inWords(options)}, and should be an object`);
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) fail(` knows no option "${unknown}"; there are ${KNOWN.join(", ")}`);
  const checkMap = (name: string, map: unknown, types: readonly string[]): void => {
    if (!isObject(map)) return fail(`.${name} is ${inWords(map)}, and should be an object`);
    for (const [key, value] of Object.entries(map)) {
      if (!types.includes(typeof value))
        fail(
          `.${name}["${key}"] is ${value === null ? "null" : typeof value}, and should be a ${types.join(" or a ")}`,
        );
    }
  };
  const { tolerations, patch, replicas, ingress, ...maps } = options;
  for (const name of MAPS) if (maps[name] !== undefined) checkMap(name, maps[name], ["string"]);
  for (const name of AMOUNTS) if (maps[name] !== undefined) checkMap(name, maps[name], ["string", "number"]);
  if (tolerations !== undefined && !(Array.isArray(tolerations) && tolerations.every(isObject)))
    fail(".tolerations should be a list of objects, as in a pod's spec");
  if (patch !== undefined && typeof patch !== "function")
    fail(`.patch is ${typeof patch}, and should be a function (object) => …`);
  if (replicas !== undefined && !(Number.isInteger(replicas) && replicas >= 1 && replicas <= 10_000))
    fail(`.replicas is ${inWords(replicas)}, and should be a whole number, from 1 to 10000`);
  if (ingress !== undefined) checkIngress(ingress, fail);
  const said = Object.entries({ ...maps, tolerations, replicas, ingress }).filter(([, value]) => value !== undefined);
  return { data: said.length === 0 ? undefined : structuredClone(Object.fromEntries(said)), patch };
}

function checkIngress(ingress: KubernetesIngress, fail: (what: string) => never): void {
  if (!isObject(ingress)) fail(`.ingress is ${inWords(ingress)}, and should be an object`);
  for (const [key, value] of Object.entries(ingress)) {
    if (key === "gateway") {
      if (typeof value !== "string" || !/^([a-z\d][a-z\d-]*\/)?[a-z\d][a-z\d.-]*$/.test(value))
        fail(`.ingress.gateway is ${inWords(value)}, and should be the name of a Gateway: "name", or "namespace/name"`);
    } else if (key === "className") {
      if (typeof value !== "string") fail(`.ingress.className is ${inWords(value)}, and should be a name`);
    } else if (key === "tls") {
      const [kind = "", ...more] = isObject(value) ? Object.keys(value) : [];
      const name: unknown = isObject(value) ? Reflect.get(value, kind) : undefined;
      if (!TLS.includes(kind) || more.length > 0 || typeof name !== "string" || name === "")
        fail(".ingress.tls should name one of { secret }, { issuer }, { clusterIssuer }");
    } else fail(`.ingress knows no option "${key}"; there are className, tls, gateway`);
  }
}

/** Both in turn; undefined where there is none. What the first leaves out, the second does not see. */
export function joinPatches(
  first: KubernetesPatch | undefined,
  second: KubernetesPatch | undefined,
): KubernetesPatch | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return (object) => {
    const patched = first(object);
    if (patched === null) return null;
    const seen = patched ?? object;
    const again = second(seen);
    return again === undefined ? seen : again;
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
