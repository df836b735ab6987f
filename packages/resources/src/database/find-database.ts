import { type ResourceHost, reachResource, resourceDefinition } from "@hadron/core/spi";
import { OpenDatabase } from "./client/database.ts";
import type { DatabaseLink } from "./client/link.ts";
import { toPoolSize } from "./client/pool-size.ts";
import type { ConnectionFacts, FactsRequest } from "./contract/facts.ts";
import { postgres } from "./keeper/postgres-service.ts";

/** The databases of each replica, or test, by name: they go with their owner. */
const opened = new WeakMap<object, Map<string, Promise<OpenDatabase>>>();

/**
 * Finds a database from wherever the running code stands, and connects to it at the first time.
 * FAILED_PRECONDITION, PERMISSION_DENIED: see `reachResource`.
 */
export async function findDatabase(resource: object, request: FactsRequest, slowMs: number): Promise<OpenDatabase> {
  const definition = resourceDefinition(resource);
  if (definition === undefined) throw new TypeError("That is no resource.");
  const host = await reachResource(definition);
  const own = opened.get(host.owner) ?? new Map<string, Promise<OpenDatabase>>();
  opened.set(host.owner, own);
  const known = own.get(request.name);
  if (known !== undefined) return known;
  const opening = OpenDatabase.open(toLink(host, request), slowMs);
  own.set(request.name, opening);
  opening.then(
    (database) => host.onClose(() => database.close()),
    () => own.delete(request.name),
  );
  return opening;
}

function toLink(host: ResourceHost, request: FactsRequest): DatabaseLink {
  return {
    name: request.name,
    clock: host.clock,
    who: host.name,
    async enter() {
      // What the keeper answers is what its own types say: both are of one version.
      const facts = (await host.call("facts", request)) as ConnectionFacts;
      const server = facts.server ?? { ...(await host.within(() => postgres.address())), tls: "off" as const };
      return { ...facts, ...server };
    },
    poolSize: (maxConnections) => toPoolSize(request.name, maxConnections, host.sharers()),
    log: () => host.log,
  };
}
