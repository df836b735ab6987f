import { mainPort } from "@hadron/core/spi";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import { labelsOf, SERVICE } from "../objects/labels.ts";
import type { KubeObject } from "../objects/objects.ts";
import type { ServiceInput } from "./index.ts";

/**
 * The addresses of a service: a headless Service, which resolves to its pods, for the app's own pods, and, where it is
 * exposed, one with an address of its own for all others.
 *
 * Own pods do not go through a cluster address: that would pin a connection, and all calls on it, to one pod.
 */
export function toServices(input: ServiceInput): readonly KubeObject[] {
  return input.service.image === null ? [...toHeadless(input), ...toExposed(input)] : toImageService(input);
}

function toHeadless(input: ServiceInput): readonly KubeObject[] {
  const { service, names } = input;
  return [
    serviceObject(input, names.pods, {
      clusterIP: "None",
      // A shard that is away is waited for by name: it should be found as soon as it listens, and not when that is noticed.
      ...(service.sharded ? { publishNotReadyAddresses: true } : {}),
      ports: [{ name: "hadron", port: INTERNAL_PORT, protocol: "TCP", targetPort: "hadron" }],
    }),
  ];
}

function toExposed(input: ServiceInput): readonly KubeObject[] {
  const { exposed } = input.service;
  if (exposed === null) return [];
  const { port, via } = exposed;
  const type = { port: "ClusterIP", ingress: "ClusterIP", "node-port": "NodePort", "load-balancer": "LoadBalancer" }[
    via
  ];
  const isNodePort = via === "node-port" && port !== null;
  const spec = {
    type,
    ports: [
      {
        name: "http",
        port: port === null || isNodePort ? 80 : port,
        protocol: "TCP",
        targetPort: "http",
        appProtocol: "http",
        ...(isNodePort ? { nodePort: port } : {}),
      },
    ],
  };
  const objects = [serviceObject(input, input.names.base, spec)];
  if (via === "ingress") objects.push(toIngress(input, port ?? 80));
  return objects;
}

/** Callers find an image by its plain name, as its declaration says. */
function toImageService(input: ServiceInput): readonly KubeObject[] {
  const { service } = input;
  const port = service.image === null ? null : mainPort(service.image);
  if (port === null) return [];
  return [
    serviceObject(input, service.name.replaceAll(".", "-"), {
      type: "ClusterIP",
      ports: [{ name: "main", port, protocol: "TCP", targetPort: "main" }],
    }),
  ];
}

function serviceObject({ topology, service, names }: ServiceInput, name: string, spec: object): KubeObject {
  const labels = labelsOf(topology.app, names.label);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels, annotations: { [SERVICE]: service.name } },
    spec: { ...spec, selector: labels },
  };
}

function toIngress({ topology, service, names }: ServiceInput, port: number): KubeObject {
  const host = service.exposed?.hostname ?? null;
  const path = { path: "/", pathType: "Prefix", backend: { service: { name: names.base, port: { number: port } } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name: names.base,
      labels: labelsOf(topology.app, names.label),
      annotations: { [SERVICE]: service.name },
    },
    spec: { rules: [{ ...(host === null ? {} : { host }), http: { paths: [path] } }] },
  };
}
