import type { ServiceTopology, Topology } from "@hadron/core/spi";

const SERVICE: ServiceTopology = {
  name: "x",
  pattern: null,
  procedures: ["x"],
  idempotent: [],
  replicas: 1,
  sharded: false,
  groups: 1,
  children: [],
  exposed: null,
  capacity: { cpu: 1, memoryBytes: 512 * 2 ** 20 },
  limits: { concurrency: 1000, inputBytes: 2 ** 24, outputBytes: 2 ** 24, drainMs: 10_000 },
  env: {},
  secrets: [],
  files: [],
  storage: null,
  image: null,
};

/** A topology of services that say only what matters to a test. */
export function topologyOf(app: string, services: readonly Partial<ServiceTopology>[]): Topology {
  return { version: 2, app, services: services.map((one) => ({ ...SERVICE, procedures: [one.name ?? "x"], ...one })) };
}

const EXPOSE = { port: null, host: "127.0.0.1", via: "port", hostname: null } as const;

/** One service of each kind. */
export const everything = topologyOf("shop", [
  { name: "front", exposed: { ...EXPOSE }, replicas: 3, secrets: ["API_KEY"], env: { COLOUR: "red" } },
  { name: "web", exposed: { ...EXPOSE, via: "ingress", hostname: "shop.example" } },
  { name: "door", exposed: { ...EXPOSE, via: "node-port", port: 30_123 } },
  { name: "gate", exposed: { ...EXPOSE, via: "load-balancer", port: 8443 } },
  {
    name: "front.keys",
    sharded: true,
    replicas: 4,
    storage: { path: "data", sizeBytes: 2 ** 30 },
    capacity: { cpu: 0.5, memoryBytes: 2 ** 28 },
  },
  { name: "cache", image: { reference: "redis:7", args: ["--save", ""], ports: { main: 6379 } }, procedures: [] },
]);

export const inputs = {
  topology: everything,
  topologyHash: "fedcba987654",
  image: "registry.example/shop:0123456789abcdef",
  revision: "abcdef012345",
  runCall: 1,
  secretsVersion: undefined,
  pullSecret: undefined,
  counts: {},
};
