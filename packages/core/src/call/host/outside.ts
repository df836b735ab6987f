import type { ServiceDefinition } from "../../declare/definition.ts";
import { HadronError } from "../../errors.ts";
import { ambient, type CallingSide } from "./ambient.ts";
import type { Host } from "./host.ts";

/**
 * The hosts of this process through which code that is no handler may call: a replica's own, or the apps that a test
 * started. They come and go with their owners; nothing else is kept here.
 */
const open = new Set<Host>();

/** Lets code outside of handlers call through a host, until the returned function is called. */
export function offerHost(host: Host): () => void {
  open.add(host);
  return () => open.delete(host);
}

/**
 * Finds the host through which a service can be called from here: the running handler's; else the one app of this
 * process that has it; else whatever runs on this machine, as `client.ts` would find it.
 *
 * FAILED_PRECONDITION where several have it, UNKNOWN_SERVICE where none has.
 */
export function hostFor(service: ServiceDefinition): CallingSide | Promise<CallingSide> {
  const current = ambient.getStore();
  if (current !== undefined) return current.host;
  const hosts = [...open].filter((host) => host.has(service.name));
  const [host] = hosts;
  if (host !== undefined && hosts.length === 1) return host;
  if (hosts.length > 1) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `"${service.name}" runs in ${hosts.length} apps of this process; say which: app.client(service).`,
    );
  }
  const [only] = open;
  // A replica's own host knows the whole app: it says that the service is not part of it.
  if (only !== undefined && open.size === 1) return only;
  return discover(service.name);
}

/** The host on which the running code stands: the running handler's, or the only one of this process; undefined where there is none. */
export function hostHere(): CallingSide | undefined {
  const current = ambient.getStore();
  if (current !== undefined) return current.host;
  return open.size === 1 ? [...open][0] : undefined;
}

const found = new Map<string, Promise<Host>>();

/** A script's first call to a service looks for it; the connection stays for the next ones. */
function discover(service: string): Promise<Host> {
  let host = found.get(service);
  if (host === undefined) {
    host = import("@hadron/core/cli").then(({ discoverHost }) => discoverHost(service));
    found.set(service, host);
    host.catch(() => found.delete(service));
  }
  return host;
}
