import type { Expose } from "@hadron/core/spi";
import type { HttpRoute, Ingress, Service } from "../objects/objects.ts";

/**
 * An address of an exposed service that can be called from this machine, or null: one inside the cluster alone is
 * reached by `connect`.
 */
export function endpointOf(
  service: Service | undefined,
  ingress: Ingress | HttpRoute | undefined,
  { tls }: Pick<Expose, "tls">,
  nodeAddress: string | undefined,
): string | null {
  if (ingress?.kind === "HTTPRoute") {
    // What its Gateway speaks, the app alone says.
    const [host] = ingress.spec?.hostnames ?? [];
    return host === undefined ? null : `${tls === undefined ? "http" : "https"}://${host}`;
  }
  if (ingress !== undefined) {
    const host = ingress.spec?.rules?.[0]?.host ?? addressOf(ingress);
    const scheme = ingress.spec?.tls === undefined ? "http" : "https";
    return host === undefined ? null : `${scheme}://${host}`;
  }
  const port = service?.spec?.ports?.[0];
  if (service?.spec?.type === "LoadBalancer") {
    const host = addressOf(service);
    return host === undefined || port === undefined ? null : toUrl(host, port.port);
  }
  if (service?.spec?.type === "NodePort" && nodeAddress !== undefined && port?.nodePort !== undefined)
    return toUrl(nodeAddress, port.nodePort);
  return null;
}

function addressOf({ status }: Service | Ingress): string | undefined {
  const [first] = status?.loadBalancer?.ingress ?? [];
  return first?.hostname ?? first?.ip;
}

function toUrl(host: string, port: number): string {
  const wrapped = host.includes(":") ? `[${host}]` : host;
  return port === 80 ? `http://${wrapped}` : `http://${wrapped}:${port}`;
}
