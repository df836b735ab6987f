import type { AddressFinder } from "../../call/directory/addresses.ts";
import type { Directory } from "../../call/directory/directory.ts";
import type { Host } from "../../call/host/host.ts";

/** The calling side of a command: a way to the services of an app, through what its runner connected. */
export async function openHost(app: string, directory: Directory, addresses?: AddressFinder): Promise<Host> {
  const [{ createHost }, { createOutsideTransports }] = await loadHost();
  const self = { app, service: "", replica: undefined, topology: "" };
  return createHost({ self, directory, transports: createOutsideTransports(), addresses });
}

/** Loads what {@link openHost} will need, while there is something else to wait for. */
export function loadHost() {
  return Promise.all([import("../../call/host/host.ts"), import("../../connect/transports.ts")]);
}
