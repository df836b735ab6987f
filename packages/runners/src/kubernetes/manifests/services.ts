import { hostnamesOf, type ImageTopology } from "@hadron/core/spi";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import { saidOf } from "../declared/said.ts";
import type { IngressPath, ServicePort, ServiceSpec } from "../objects/fields.ts";
import { labelsOf, SERVICE } from "../objects/labels.ts";
import { imageHost } from "../objects/names.ts";
import type { Ingress, KubeObject, Service } from "../objects/objects.ts";
import { isStateful, type ServiceInput } from "./input.ts";

/**
 * The addresses of a service: a headless Service, which resolves to its pods, for the app's own pods, and, where it is
 * exposed, one with an address of its own for all others.
 *
 * Own pods do not go through a cluster address: that would pin a connection, and all calls on it, to one pod.
 */
export function toServices(input: ServiceInput): readonly KubeObject[] {
  const { service } = input;
  if (service.image !== null) return toImageServices(input, service.image);
  const port = { name: "hadron", port: INTERNAL_PORT, protocol: "TCP", targetPort: "hadron" } as const;
  return [toHeadless(input, [port]), ...toExposed(input, { name: "http", port: 80, appProtocol: "http" })];
}

/** Callers find an image by its plain name, as its declaration says, on every port that it has. */
function toImageServices(input: ServiceInput, image: ImageTopology): readonly KubeObject[] {
  const ports = Object.entries(image.ports).map(
    ([name, port]) => ({ name, port, protocol: "TCP", targetPort: name }) satisfies ServicePort,
  );
  const [main] = ports;
  if (main === undefined) return [];
  return [
    serviceObject(input, imageHost(input.service.name), { type: "ClusterIP", ports }),
    ...(isStateful(input.service) ? [toHeadless(input, ports)] : []),
    ...toExposed(input, main),
  ];
}

function toHeadless(input: ServiceInput, ports: readonly ServicePort[]): Service {
  return serviceObject(input, input.names.pods, {
    clusterIP: "None",
    // Who is the only one of its kind is waited for: it should be found as soon as it listens, not when that is noticed.
    ...(isStateful(input.service) ? { publishNotReadyAddresses: true } : {}),
    ports,
  });
}

const TYPES = {
  port: "ClusterIP",
  ingress: "ClusterIP",
  "node-port": "NodePort",
  "load-balancer": "LoadBalancer",
} as const;

/** `inside`: the port of its pods that outside callers reach, and the port that they use unless another is asked for. */
function toExposed(
  input: ServiceInput,
  inside: { readonly name: string; readonly port: number; readonly appProtocol?: string },
): readonly KubeObject[] {
  const { exposed } = input.service;
  if (exposed === null) return [];
  const { port, via } = exposed;
  const isNodePort = via === "node-port" && port !== null;
  const outside: ServicePort = {
    ...inside,
    port: port === null || isNodePort ? inside.port : port,
    protocol: "TCP",
    targetPort: inside.name,
    ...(isNodePort ? { nodePort: port } : {}),
  };
  const objects: KubeObject[] = [serviceObject(input, input.names.base, { type: TYPES[via], ports: [outside] })];
  if (via === "ingress") objects.push(toIngress(input, port ?? inside.port));
  return objects;
}

function serviceObject({ topology, service, names }: ServiceInput, name: string, spec: ServiceSpec): Service {
  const labels = labelsOf(topology.app, names.label);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels, annotations: { [SERVICE]: service.name } },
    spec: { ...spec, selector: labels },
  };
}

/** cert-manager makes the certificate of an Ingress that has one of these: https://cert-manager.io/docs/usage/ingress/. */
const ISSUERS = { issuer: "cert-manager.io/issuer", clusterIssuer: "cert-manager.io/cluster-issuer" } as const;

function toIngress({ topology, service, names }: ServiceInput, port: number): Ingress {
  const { className, tls = {} } = saidOf({ topology, service }).ingress ?? {};
  const [kind, name = ""]: readonly (string | undefined)[] = Object.entries<string>(tls)[0] ?? [];
  const hosts = service.exposed === null ? [] : hostnamesOf(service.exposed);
  const backend = { service: { name: names.base, port: { number: port } } };
  const path: IngressPath = { path: "/", pathType: "Prefix", backend };
  const http = { paths: [path] };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name: names.base,
      labels: labelsOf(topology.app, names.label),
      annotations: {
        [SERVICE]: service.name,
        ...(kind === "issuer" || kind === "clusterIssuer" ? { [ISSUERS[kind]]: name } : {}),
      },
    },
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      ...(kind === undefined ? {} : { tls: [{ hosts, secretName: kind === "secret" ? name : `${names.base}-tls` }] }),
      rules: hosts.length === 0 ? [{ http }] : hosts.map((host) => ({ host, http })),
    },
  };
}
