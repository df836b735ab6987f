import type { KubernetesTopology, ServiceTopology } from "@hadron/core/spi";
import type { Container, Quantities } from "../objects/pod-spec.ts";

/** What one replica asks for where nothing is declared; ninety pods fit on two cores. It may use all of its capacity. */
const UNDECLARED_CORES = 0.01;
const UNDECLARED_BYTES = 64 * 2 ** 20;

/** What is declared is reserved: a node that cannot give it takes no such pod. What is not declared stays small. */
export function toResources(
  { capacity, requests = {} }: ServiceTopology,
  said: KubernetesTopology = {},
): Container["resources"] {
  const cpu = requests.cpu ?? Math.min(capacity.cpu, UNDECLARED_CORES);
  const memoryBytes = requests.memoryBytes ?? Math.min(capacity.memoryBytes, UNDECLARED_BYTES);
  return {
    requests: { cpu: toCores(cpu), memory: toBytes(memoryBytes), ...toQuantities(said.requests) },
    limits: { cpu: toCores(capacity.cpu), memory: toBytes(capacity.memoryBytes), ...toQuantities(said.limits) },
  };
}

function toQuantities(amounts: KubernetesTopology["requests"] = {}): Partial<Quantities> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));
}

/** Bytes as a Kubernetes quantity, in the form that the API server gives back. */
export function toBytes(bytes: number): string {
  for (const [suffix, size] of [
    ["Ti", 2 ** 40],
    ["Gi", 2 ** 30],
    ["Mi", 2 ** 20],
    ["Ki", 2 ** 10],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${suffix}`;
  }
  return String(bytes);
}

/** Cores as a Kubernetes quantity, in the form that the API server gives back. At least a thousandth. */
function toCores(cores: number): string {
  const milli = Math.max(1, Math.round(cores * 1000));
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}
