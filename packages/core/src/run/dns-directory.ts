import type { Directory, Member } from "../call/directory.ts";
import type { Topology } from "../describe/topology.ts";
import type { PeerNames } from "./environment.ts";

/** How often the names of services in use are looked up again. */
const POLL_MS = 1000;
/** How soon after a broken connection they are. */
const SUSPECT_POLL_MS = 50;

export interface DnsDirectoryOptions {
  readonly topology: Topology;
  readonly names: PeerNames;
  /** How many replicas of a service run now, where `scale` changed it. */
  readonly counts: Readonly<Record<string, number>>;
  /** Looks a host name up: all its addresses, none where there is no such name. @default the system's resolver */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/**
 * Finds replicas by DNS, as in containers and pods. Interchangeable replicas are the addresses that one name has.
 * Shards have a name each, and as many are expected as the service counts: one whose name does not resolve is away, and
 * will be back.
 */
export class DnsDirectory implements Directory {
  readonly #options: DnsDirectoryOptions;
  readonly #resolve: (host: string) => Promise<readonly string[]>;
  readonly #watched = new Map<string, Watched>();
  #counts: Readonly<Record<string, number>>;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DnsDirectoryOptions) {
    this.#options = options;
    this.#counts = options.counts;
    this.#resolve = options.resolve ?? resolveHost;
  }

  /** Takes new counts of replicas, and looks at once. */
  setCounts(counts: Readonly<Record<string, number>>): void {
    this.#counts = { ...this.#counts, ...counts };
    for (const service of this.#watched.keys()) this.#look(service);
  }

  members(service: string): readonly Member[] {
    return this.#watch(service).members;
  }

  watch(service: string, changed: () => void): () => void {
    const watched = this.#watch(service);
    watched.changed.add(changed);
    return () => watched.changed.delete(changed);
  }

  has(service: string): boolean {
    return this.#options.topology.services.some((one) => one.name === service);
  }

  suspect(service: string, _member: Member): Promise<undefined> {
    // Why it is gone is known to the runner alone; that it is gone, DNS says soon.
    if (this.#watched.has(service)) setTimeout(() => this.#look(service), SUSPECT_POLL_MS).unref();
    return Promise.resolve(undefined);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watched.clear();
  }

  #watch(service: string): Watched {
    let watched = this.#watched.get(service);
    if (watched === undefined) {
      watched = { members: this.#expected(service), changed: new Set(), looking: false, again: false };
      this.#watched.set(service, watched);
      this.#look(service);
      this.#timer ??= setInterval(() => {
        for (const name of this.#watched.keys()) this.#look(name);
      }, POLL_MS).unref();
    }
    return watched;
  }

  /** The shards of a service before any was found: all away. */
  #expected(service: string): readonly Member[] {
    const topology = this.#options.topology.services.find((one) => one.name === service);
    if (topology === undefined || !topology.sharded) return [];
    const count = this.#counts[service] ?? topology.replicas;
    return Array.from({ length: count }, (_, ordinal) => ({
      ordinal,
      name: `${service}.${ordinal}`,
      address: "",
      state: "starting" as const,
      reason: undefined,
    }));
  }

  #look(service: string): void {
    const watched = this.#watched.get(service);
    if (watched === undefined) return;
    if (watched.looking) {
      watched.again = true;
      return;
    }
    watched.looking = true;
    this.#find(service)
      .then((members) => {
        if (JSON.stringify(members) === JSON.stringify(watched.members)) return;
        watched.members = members;
        for (const changed of [...watched.changed]) changed();
      })
      // No answer from DNS says nothing about the replicas: the members stay as last known, the next look may do.
      .catch(() => {})
      .finally(() => {
        watched.looking = false;
        if (!watched.again) return;
        watched.again = false;
        this.#look(service);
      });
  }

  async #find(service: string): Promise<readonly Member[]> {
    const names = this.#options.names[service] ?? this.#options.names["*"];
    if (names === undefined) return [];
    const expected = this.#expected(service);
    if (expected.length > 0 && names.shard !== undefined) {
      return Promise.all(
        expected.map(async (member) => {
          const [host, port] = split(fill(names.shard!, service, member.ordinal));
          const addresses = await this.#resolve(host);
          // While a shard is replaced, its name may have the old and the new address: the newest cannot be told from
          // the other, and the hello of the connection tells whether it is the right replica.
          return addresses.length === 0
            ? member
            : { ...member, address: `tcp:${wrap(addresses.at(-1)!)}:${port}`, state: "ready" as const };
        }),
      );
    }
    const [host, port] = split(fill(names.any, service, 0));
    const addresses = [...(await this.#resolve(host))].sort();
    return addresses.map((address) => ({
      ordinal: -1,
      name: `${service}@${address}`,
      address: `tcp:${wrap(address)}:${port}`,
      state: "ready" as const,
      reason: undefined,
    }));
  }
}

interface Watched {
  members: readonly Member[];
  readonly changed: Set<() => void>;
  looking: boolean;
  again: boolean;
}

async function resolveHost(host: string): Promise<readonly string[]> {
  try {
    // Loaded where replicas are found by DNS, which under the local runner they are not.
    const { lookup } = await import("node:dns/promises");
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // "There is no such name" is an answer; anything else is a resolver in trouble.
    if (code === "ENOTFOUND" || code === "ENODATA") return [];
    throw error;
  }
}

function fill(template: string, service: string, ordinal: number): string {
  return template.replaceAll("{service}", service).replaceAll("{ordinal}", String(ordinal));
}

function split(name: string): readonly [host: string, port: string] {
  const colon = name.lastIndexOf(":");
  return [name.slice(0, colon), name.slice(colon + 1)];
}

function wrap(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
