import { type ResourceHost, reachResource, resourceDefinition } from "@hadron/core/spi";
import { toTimeSource } from "../store/contract/store-clock.ts";
import type { StoreLink } from "./link.ts";
import { StoreClient } from "./store-client.ts";

/** Beyond what a call waits in the store: for the way there and back. */
const GRACE_MS = 10_000;

/** The store client of each replica, or test: it goes with its owner. */
const clients = new WeakMap<object, StoreClient>();

/**
 * Finds the store client through which the running code reaches a resource.
 * FAILED_PRECONDITION, PERMISSION_DENIED: see {@link reachResource}.
 */
export function findStore(resource: object): StoreClient | Promise<StoreClient> {
  const definition = resourceDefinition(resource);
  if (definition === undefined) throw new TypeError("That is no resource.");
  const host = reachResource(definition);
  return host instanceof Promise ? host.then(toClient) : toClient(host);
}

/** The services of the app that use a resource by a pattern, e.g. those that `subscribe`. */
export async function findUsers(resource: object, pattern: string): Promise<readonly string[]> {
  const definition = resourceDefinition(resource);
  if (definition === undefined) throw new TypeError("That is no resource.");
  return (await reachResource(definition)).users(pattern);
}

function toClient(host: ResourceHost): StoreClient {
  let client = clients.get(host.owner);
  if (client === undefined) {
    const name = `${host.name}/${host.clock.uuid()}`;
    client = new StoreClient(
      toLink(host.call),
      { ...toTimeSource(host.clock), random: () => host.clock.random() },
      name,
    );
    clients.set(host.owner, client);
  }
  return client;
}

/** Calls to the store's procedures. What they answer is what the store's own types say: both are of one version. */
export function toLink(call: ResourceHost["call"]): StoreLink {
  return {
    commit: (batch) => call("commit", batch) as ReturnType<StoreLink["commit"]>,
    read: (queries) => call("read", queries) as ReturnType<StoreLink["read"]>,
    claim: (claim, waitMs, signal) =>
      call("claim", { claim, waitMs }, { timeoutMs: waitMs + GRACE_MS, signal }) as ReturnType<StoreLink["claim"]>,
    endClaim: async (holder) => {
      await call("endClaim", holder);
    },
    acquire: (acquire, waitMs, signal) =>
      call("acquire", { acquire, waitMs }, { timeoutMs: waitMs + GRACE_MS, signal }) as ReturnType<
        StoreLink["acquire"]
      >,
    claimRuns: (claim, waitMs, signal) =>
      call("claimRuns", { claim, waitMs }, { timeoutMs: waitMs + GRACE_MS, signal }) as ReturnType<
        StoreLink["claimRuns"]
      >,
    followRun: (follow, waitMs, signal) =>
      call(
        "followRun",
        { follow, waitMs },
        { timeoutMs: waitMs + GRACE_MS, ...(signal === undefined ? {} : { signal }) },
      ) as ReturnType<StoreLink["followRun"]>,
    relay: async (database) => {
      await call("relay", database);
    },
    backlog: () => call("backlog", undefined) as ReturnType<StoreLink["backlog"]>,
    watch: (store, prefix) => new Watch(call("watch", { store, prefix }, { timeoutMs: Number.POSITIVE_INFINITY })),
  };
}

/** A stream that is on its way. */
class Watch implements AsyncIterableIterator<readonly string[]> {
  readonly #stream: Promise<AsyncIterator<readonly string[]>>;

  constructor(call: Promise<unknown>) {
    this.#stream = call.then((stream) => (stream as AsyncIterable<readonly string[]>)[Symbol.asyncIterator]());
    // Told by `next`.
    this.#stream.catch(() => {});
  }

  async next(): Promise<IteratorResult<readonly string[]>> {
    return (await this.#stream).next();
  }

  async return(): Promise<IteratorResult<readonly string[]>> {
    await this.#stream.then(
      (stream) => stream.return?.(),
      () => {},
    );
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
