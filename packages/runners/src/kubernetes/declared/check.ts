import { HadronError, type KubernetesTopology, type ServiceTopology, type Topology } from "@hadron/core/spi";
import { NAME, PART_OF } from "../objects/labels.ts";
import { parseQuantity } from "../objects/quantity.ts";
import { saidOf } from "./said.ts";

/** INVALID_DECLARATION, with service and key, for what no cluster takes and for what would hide an object from us. */
export function checkSaid(topology: Topology): void {
  if (topology.kubernetes !== undefined) check("run(…)", topology.kubernetes);
  for (const service of topology.services) {
    if (service.kubernetes !== undefined) check(`service "${service.name}"`, service.kubernetes);
    checkGateway(topology, service);
    checkFits(service, saidOf({ topology, service }).requests ?? {});
  }
}

const OURS: readonly string[] = [NAME, PART_OF, "app.kubernetes.io/managed-by"];
/** Set by the cluster itself on pods of a Deployment or a StatefulSet. */
const THEIRS: readonly string[] = [
  "pod-template-hash",
  "controller-revision-hash",
  "statefulset.kubernetes.io/pod-name",
  "apps.kubernetes.io/pod-index",
];

function check(by: string, said: KubernetesTopology): void {
  const { labels = {}, annotations = {}, nodeSelector = {}, requests = {}, limits = {} } = said;
  const fail = (option: string, key: string, why: string): never => {
    throw new HadronError("INVALID_DECLARATION", `${by}: kubernetes.${option}["${key}"] ${why}.`);
  };
  for (const [option, map] of Object.entries({ labels, nodeSelector })) {
    for (const [key, value] of Object.entries(map)) {
      const problem = problemOfKey(key) ?? problemOfValue(value);
      if (problem !== undefined) fail(option, key, problem);
    }
  }
  for (const key of Object.keys(annotations)) {
    const problem = problemOfKey(key);
    if (problem !== undefined) fail("annotations", key, problem);
  }
  for (const [option, map] of Object.entries({ labels, annotations })) {
    for (const key of Object.keys(map)) {
      if (OURS.includes(key) || prefixOf(key) === "dev.hadron")
        fail(option, key, "is how Hadron finds its objects: choose another key");
      if (option === "labels" && THEIRS.includes(key)) fail(option, key, "is the cluster's own: choose another key");
    }
  }
  for (const [option, map] of Object.entries({ requests, limits })) {
    for (const [key, amount] of Object.entries(map)) {
      const problem = problemOfKey(key);
      if (problem !== undefined) fail(option, key, problem);
      if (option === "limits" && (key === "cpu" || key === "memory"))
        fail(
          option,
          key,
          `is said by capacity: { ${key === "cpu" ? "cpu" : "memoryMiB"} }, which the replica knows of, too`,
        );
      if (parseQuantity(amount) === undefined)
        fail(option, key, `is "${amount}", and should be a quantity: 1, "250m", "128Mi"`);
    }
  }
}

/** What is said of an Ingress, and of its certificate, is not said of a Gateway: that has listeners, and certificates, of its own. */
function checkGateway(topology: Topology, service: ServiceTopology): void {
  const { gateway, ...more } = saidOf({ topology, service }).ingress ?? {};
  if (gateway === undefined || service.exposed?.via !== "ingress") return;
  const { tls } = service.exposed;
  const [surplus] =
    tls === undefined || tls === true ? Object.keys(more).map((key) => `kubernetes.ingress.${key}`) : ["expose.tls"];
  if (surplus === undefined) return;
  throw new HadronError(
    "INVALID_DECLARATION",
    `service "${service.name}": ${surplus} is for an Ingress, and kubernetes.ingress.gateway leads to the Gateway "${gateway}", which has a class and certificates of its own: leave one of them away.`,
  );
}

/** The API server would refuse it, later and in the words of a pod that nobody has written. */
function checkFits({ name, capacity }: ServiceTopology, requests: NonNullable<KubernetesTopology["requests"]>): void {
  for (const [key, most, option] of [
    ["cpu", capacity.cpu, "cpu"],
    ["memory", capacity.memoryBytes, "memoryMiB"],
  ] as const) {
    const amount = parseQuantity(requests[key] ?? 0) ?? 0;
    if (amount <= most) continue;
    throw new HadronError(
      "INVALID_DECLARATION",
      `service "${name}": kubernetes.requests["${key}"] is "${requests[key]}", more than it may use: raise capacity: { ${option} }.`,
    );
  }
}

const PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function prefixOf(key: string): string | undefined {
  const slash = key.indexOf("/");
  return slash < 0 ? (key.startsWith("dev.hadron.") ? "dev.hadron" : undefined) : key.slice(0, slash);
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
function problemOfKey(key: string): string | undefined {
  const slash = key.indexOf("/");
  const domain = slash < 0 ? undefined : key.slice(0, slash);
  const isDomain = domain === undefined || (domain.length <= 253 && DOMAIN.test(domain));
  if (isDomain && PART.test(key.slice(slash + 1))) return undefined;
  return "is no key that Kubernetes takes: at most 63 letters, digits, -, _ and ., with a letter or digit at both ends; before it a domain and a slash, or nothing";
}

function problemOfValue(value: string): string | undefined {
  if (value === "" || PART.test(value)) return undefined;
  return `is "${value}", and Kubernetes takes at most 63 letters, digits, -, _ and ., with a letter or digit at both ends`;
}
