import type { Expose, ImageTopology } from "@hadron/core/spi";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import { toIngress } from "../declared/ingress.ts";
import type { ServicePort, ServiceSpec } from "../objects/fields.ts";
import { labelsOf, SERVICE } from "../objects/labels.ts";
import { imageHost } from "../objects/names.ts";
import type { KubeObject, Service } from "../objects/objects.ts";
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
  const local = seesCallers(exposed) ? ({ externalTrafficPolicy: "Local" } as const) : {};
  const spec: ServiceSpec = { type: TYPES[via], ports: [outside], ...local };
  const objects: KubeObject[] = [serviceObject(input, input.names.base, spec)];
  if (via === "ingress") objects.push(toIngress(input, port ?? inside.port));
  return objects;
}

/**
 * Whether its pods have to see who connects: a node that passes a connection on to a pod of another puts its own address in that place, so each
 * takes those of its own pods alone.
 */
function seesCallers({ via, connectionsPerAddress, proxyProtocol }: Expose): boolean {
  const isFromOutside = via === "node-port" || via === "load-balancer";
  return isFromOutside && (connectionsPerAddress !== undefined || proxyProtocol !== undefined);
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
