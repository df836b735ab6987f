import { hostnamesOf, type ServiceTopology, type Topology } from "@hadron/core/spi";
import type { PairSources } from "../../shared/tls/pair.ts";
import type { IngressPath } from "../objects/fields.ts";
import { labelsOf, SERVICE } from "../objects/labels.ts";
import { certificateName, type ServiceNames } from "../objects/names.ts";
import type { HttpRoute, Ingress } from "../objects/objects.ts";
import { saidOf } from "./said.ts";

/** What an Ingress, or a route of a Gateway, is made of. */
interface IngressInput {
  readonly topology: Topology;
  readonly service: ServiceTopology;
  readonly names: ServiceNames;
}

/** Leads outside callers to a service that is exposed by its host names. */
export function toIngress(input: IngressInput, port: number): Ingress | HttpRoute {
  const { gateway } = saidOf(input).ingress ?? {};
  return gateway === undefined ? toOwnIngress(input, port) : toRoute(input, port, gateway);
}

/** The certificate and key of the app's own that an Ingress shows; undefined where it has none, or the cluster's. */
export function ownCertificate(topology: Topology, service: ServiceTopology): PairSources | undefined {
  const { exposed } = service;
  if (exposed?.via !== "ingress" || exposed.tls === undefined || exposed.tls === true) return undefined;
  return saidOf({ topology, service }).ingress?.tls === undefined ? exposed.tls : undefined;
}

/** Whether outside callers of an Ingress, or of a Gateway, come over TLS. */
export function isSecure(topology: Topology, service: ServiceTopology): boolean {
  return service.exposed?.tls !== undefined || saidOf({ topology, service }).ingress?.tls !== undefined;
}

/** cert-manager makes the certificate of an Ingress that has one of these: https://cert-manager.io/docs/usage/ingress/. */
const ISSUERS = { issuer: "cert-manager.io/issuer", clusterIssuer: "cert-manager.io/cluster-issuer" } as const;

function toOwnIngress(input: IngressInput, port: number): Ingress {
  const { topology, service, names } = input;
  const { className, tls = {} } = saidOf(input).ingress ?? {};
  const [kind, name = ""]: readonly (string | undefined)[] = Object.entries<string>(tls)[0] ?? [];
  const secretName =
    kind === "secret"
      ? name
      : kind !== undefined
        ? `${names.base}-tls`
        : ownCertificate(topology, service) === undefined
          ? undefined
          : certificateName(names);
  const hosts = hostsOf(service);
  const backend = { service: { name: names.base, port: { number: port } } };
  const path: IngressPath = { path: "/", pathType: "Prefix", backend };
  const http = { paths: [path] };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      ...metadataOf(input),
      annotations: {
        [SERVICE]: service.name,
        ...(kind === "issuer" || kind === "clusterIssuer" ? { [ISSUERS[kind]]: name } : {}),
      },
    },
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      ...(secretName === undefined ? {} : { tls: [{ hosts, secretName }] }),
      rules: hosts.length === 0 ? [{ http }] : hosts.map((host) => ({ host, http })),
    },
  };
}

/** `gateway`: `name`, or `namespace/name`. https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
function toRoute(input: IngressInput, port: number, gateway: string): HttpRoute {
  const [name = "", namespace] = gateway.split("/").reverse();
  const hostnames = hostsOf(input.service);
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { ...metadataOf(input), annotations: { [SERVICE]: input.service.name } },
    spec: {
      parentRefs: [{ ...(namespace === undefined ? {} : { namespace }), name }],
      ...(hostnames.length === 0 ? {} : { hostnames }),
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          backendRefs: [{ name: input.names.base, port }],
        },
      ],
    },
  };
}

function metadataOf({ topology, names }: IngressInput) {
  return { name: names.base, labels: labelsOf(topology.app, names.label) };
}

function hostsOf({ exposed }: ServiceTopology): readonly string[] {
  return exposed === null ? [] : hostnamesOf(exposed);
}
