import type { ServiceTopology } from "@hadron/core/spi";
import { systemCode } from "@hadron/core/spi";
import type { LocalReplica } from "../replica/replica.ts";
import { cannotListen, ExposedPort, portTaken, toEndpoint } from "./exposed-port.ts";
import type { PortMemory } from "./port-memory.ts";
import { findPortOwner } from "./port-owner.ts";

/** An exposed service's address, open. */
export interface Exposure {
  readonly endpoint: string;
  readonly port: ExposedPort;
  /** What was declared, to tell whether it is still the same. */
  readonly declared: string;
}

/**
 * Opens the address of an exposed service: the port asked for, or else the one that it had last, or else any that is
 * free. RUNNER_FAILED, naming port and owner, where the one asked for is taken.
 */
export async function openExposure(
  service: ServiceTopology,
  memory: PortMemory,
  replicas: () => readonly LocalReplica[],
): Promise<Exposure | undefined> {
  const { exposed, name } = service;
  if (exposed === null) return undefined;
  const tries = exposed.port === null ? [memory.get(name) ?? 0, 0] : [exposed.port];
  for (const [index, wanted] of tries.entries()) {
    try {
      const port = await ExposedPort.open(name, exposed.host, wanted, replicas);
      if (exposed.port === null) memory.set(name, port.port);
      return { endpoint: toEndpoint(exposed, port.port), port, declared: JSON.stringify(exposed) };
    } catch (cause) {
      if (index < tries.length - 1) continue;
      if (systemCode(cause) === "EADDRINUSE") throw portTaken(name, exposed, wanted, findPortOwner(wanted), cause);
      throw cannotListen(name, exposed, wanted, cause);
    }
  }
  return undefined;
}
