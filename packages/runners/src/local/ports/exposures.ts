import type { ServiceTopology } from "@hadron/core/spi";
import { systemCode } from "@hadron/core/spi";
import type { LocalReplica } from "../replica/replica.ts";
import { type Certificates, type CertificatesOptions, openCertificates } from "../tls/certificates.ts";
import { cannotListen, ExposedPort, portTaken, toEndpoint } from "./exposed-port.ts";
import type { PortMemory } from "./port-memory.ts";
import { findPortOwner } from "./port-owner.ts";

/** An exposed service's address, open. */
export interface Exposure {
  readonly endpoint: string;
  readonly port: ExposedPort;
  /** What it shows of itself; undefined: it speaks no TLS. */
  readonly certificates: Certificates | undefined;
  /** What was declared, to tell whether it is still the same. */
  readonly declared: string;
  close(): void;
}

/** What certificates of exposed services are made of, and who is told how to trust them. */
export interface ExposureCertificates extends Pick<CertificatesOptions, "authority" | "appFolder" | "secrets"> {
  readonly note: (text: string) => void;
}

/**
 * Opens the address of an exposed service: the port asked for, or else the one that it had last, or else any that is
 * free. RUNNER_FAILED, naming port and owner, where the one asked for is taken.
 */
export async function openExposure(
  service: ServiceTopology,
  memory: PortMemory,
  replicas: () => readonly LocalReplica[],
  certificatesOf: ExposureCertificates,
): Promise<Exposure | undefined> {
  const { exposed, name } = service;
  if (exposed === null) return undefined;
  const certificates = await toCertificates(service, replicas, certificatesOf);
  const tries = exposed.port === null ? [memory.get(name) ?? 0, 0] : [exposed.port];
  for (const [index, wanted] of tries.entries()) {
    try {
      const port = await ExposedPort.open(name, exposed.host, wanted, replicas);
      if (exposed.port === null) memory.set(name, port.port);
      const endpoint = toEndpoint(exposed, port.port);
      if (certificates?.advice !== undefined) certificatesOf.note(`${endpoint}: ${certificates.advice}`);
      return {
        endpoint,
        port,
        certificates,
        declared: JSON.stringify(exposed),
        close() {
          port.close();
          certificates?.close();
        },
      };
    } catch (cause) {
      if (index < tries.length - 1) continue;
      if (systemCode(cause) === "EADDRINUSE") throw portTaken(name, exposed, wanted, findPortOwner(wanted), cause);
      throw cannotListen(name, exposed, wanted, cause);
    }
  }
  return undefined;
}

async function toCertificates(
  { exposed, name }: ServiceTopology,
  replicas: () => readonly LocalReplica[],
  { note, ...where }: ExposureCertificates,
): Promise<Certificates | undefined> {
  if (exposed?.tls === undefined) return undefined;
  return openCertificates(name, exposed.tls, {
    ...where,
    failed: note,
    changed: () => {
      for (const replica of replicas()) replica.send({ type: "certificates-changed" });
    },
  });
}
