import { image, service } from "@hadron/core";
import { compose, type Topology } from "@hadron/core/spi";
import { shard } from "@hadron/patterns";
import type { ContainerSpec } from "../../src/docker/containers/finish.ts";
import { replicaSpec } from "../../src/docker/containers/spec.ts";
import { ingressSpec, needsIngress } from "../../src/docker/ingress/spec.ts";
import { imageTag } from "../../src/docker/names/names.ts";
import type { Desired } from "../../src/docker/plan/plan.ts";
import type { SeenContainer, World } from "../../src/docker/world/world.ts";
import { countsOf } from "../../src/replica/counts.ts";

/** Every kind of service that the runner treats in a way of its own. */
export function everyKind(options: { readonly greeters?: number } = {}): Topology {
  const count = (input: { key: string }) => input.key.length;
  const services = [
    service("greet", (name: string) => name, {
      replicas: options.greeters ?? 2,
      expose: { port: 3000 },
      env: { COLOUR: "red" },
    }),
    service(
      "counters",
      shard(2, service("counter", { count }, { storage: { path: "data" } }), { by: (input) => input.key }),
      {
        expose: true,
        secrets: ["TOKEN"],
      },
    ),
    service("cache", image("redis:7", { args: ["--save", ""], port: 6379 })),
  ];
  return compose("shop", services).topology;
}

export function toDesired(
  topology: Topology,
  options: { readonly image?: string; readonly revision?: string; readonly program?: string } = {},
): Desired {
  const { app } = topology;
  const appImage = imageTag(app, options.image ?? "aaaaaaaaaaaa");
  const base = { name: "node:24-slim", id: "sha256:base", architecture: "amd64" };
  const revision = options.revision ?? "0123456789ab";
  const spec = {
    topology,
    topologyHash: "fedcba987654",
    revision,
    runCall: 1,
    image: appImage,
    secrets: { counters: "shop.counters.secrets-11111111" },
  };
  return {
    app,
    images: [appImage],
    exported: [imageTag(app, "ingress-bbbbbbbbbbbb")],
    volumes: [
      { name: "shop.counts", role: "counts", service: undefined },
      { name: "shop.greet.ingress", role: "ingress", service: "greet" },
      { name: "shop.counters.secrets-11111111", role: "secrets", service: "counters" },
      { name: "shop.counter.0", role: "storage", service: "counter" },
      { name: "shop.counter.1", role: "storage", service: "counter" },
    ],
    containers: topology.services.flatMap((service): ContainerSpec[] => [
      ...Array.from({ length: service.replicas }, (_, ordinal) => replicaSpec(spec, service, ordinal)),
      ...(needsIngress(service)
        ? [ingressSpec(app, service, base, options.program ?? "ddddddddddddddd", revision, undefined)]
        : []),
    ]),
    counts: countsOf(topology),
  };
}

/** An engine on which all of it runs. */
export function asDesired(desired: Desired): World {
  return {
    containers: desired.containers.map((spec, index) => toSeen(spec, `id${index}`)),
    taken: new Set(),
    networkId: "net",
    volumes: desired.volumes,
    images: desired.images,
  };
}

export function toSeen(spec: ContainerSpec, id: string): SeenContainer {
  const { name, service, ordinal, role, form } = spec;
  return {
    ...{ id, name, service, ordinal, role, form, spec: spec.spec },
    revision: "0123456789ab",
    state: "running",
    connected: true,
    address: "172.18.0.9",
    ports: [],
    tls: false,
    procedures: [],
    created: 1,
    volumes: [],
  };
}

export const emptyWorld: World = { containers: [], taken: new Set(), networkId: undefined, volumes: [], images: [] };
