import type { Clock, Timer } from "../../clock/clock.ts";
import { createSystemClock } from "../../clock/system-clock.ts";
import type { ServiceTopology } from "../../describe/topology.ts";
import { systemCode } from "../../errors.ts";
import type { PeerNames } from "../../run/environment.ts";
import { own } from "../../values/own.ts";
import type { Directory, Member } from "./directory.ts";
import { ShardAddresses } from "./shard-addresses.ts";

/** How often the names of services in use are looked up again. */
const POLL_MS = 1000;
/** The same, while a replica is away, for which calls may wait; but no longer than this. */
const AWAY_POLL_MS = 250;
const AWAY_MS = 10_000;
/** How soon after a broken connection they are. */
const SUSPECT_POLL_MS = 50;

export interface DnsDirectoryOptions {
  /** What of the app matters to who looks for replicas. */
  readonly topology: { readonly services: readonly Pick<ServiceTopology, "name" | "sharded" | "replicas">[] };
  readonly names: PeerNames;
  /** How many replicas of a service run now, where `scale` changed it. */
  readonly counts: Readonly<Record<string, number>>;
  /** @default this machine's */
  readonly clock?: Clock;
  /** Looks a host name up: all its addresses, none where there is no such name. @default the system's resolver */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/**
 * Finds replicas by DNS, as in containers and pods. Interchangeable replicas are the addresses that one name has.
 * Shards have a name each, and as many are expected as the service counts: one whose name does not resolve is away, and
 * will be back. While nothing changes, each service in use costs one question a second: see {@link ShardAddresses}.
 */
export class DnsDirectory implements Directory {
  readonly #options: DnsDirectoryOptions;
  readonly #clock: Clock;
  readonly #resolve: (host: string) => Promise<readonly string[]>;
  readonly #watched = new Map<string, Watched>();
  #counts: Readonly<Record<string, number>>;
  #timer: Timer | undefined;

  constructor(options: DnsDirectoryOptions) {
    this.#options = options;
    this.#clock = options.clock ?? createSystemClock();
    this.#counts = options.counts;
    this.#resolve = options.resolve ?? resolveHost;
  }

  /**
   * Takes new counts of replicas, and looks at once. Whoever asks next is told as many shards as there are now: a new one
   * is away until it is found, and calls to it wait. Told only once it is found, a caller would go on without it after
   * the runner has said that all know.
   */
  setCounts(counts: Readonly<Record<string, number>>): void {
    this.#counts = { ...this.#counts, ...counts };
    for (const [service, watched] of this.#watched) {
      if (watched.shards !== undefined) {
        const known = new Map(watched.members.map((member) => [member.ordinal, member]));
        this.#take(
          watched,
          this.#expected(service).map((member) => known.get(member.ordinal) ?? member),
        );
      }
      this.#look(service);
    }
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
    return this.#options.topology.services.some(({ name }) => name === service);
  }

  suspect(service: string, { ordinal }: Member): Promise<undefined> {
    // Why it is gone is known to the runner alone; that it is gone, DNS says soon.
    const watched = this.#watched.get(service);
    if (watched !== undefined) {
      if (ordinal >= 0) watched.shards?.suspect(ordinal);
      this.#lookIn(service, SUSPECT_POLL_MS);
    }
    return Promise.resolve(undefined);
  }

  close(): void {
    this.#clock.cancel(this.#timer);
    for (const { timer } of this.#watched.values()) this.#clock.cancel(timer);
    this.#watched.clear();
  }

  #watch(service: string): Watched {
    let watched = this.#watched.get(service);
    if (watched === undefined) {
      watched = {
        members: this.#expected(service),
        shards: this.#shardsOf(service),
        changed: new Set(),
        changedAt: this.#clock.now(),
        looking: false,
        again: false,
        timer: undefined,
        lookAt: Number.POSITIVE_INFINITY,
      };
      this.#watched.set(service, watched);
      this.#look(service);
      this.#timer ??= this.#clock
        .every(POLL_MS, () => {
          for (const name of this.#watched.keys()) this.#look(name);
        })
        .unref();
    }
    return watched;
  }

  /** The shards of a service before any was found: all away. */
  #expected(service: string): readonly Member[] {
    const topology = this.#options.topology.services.find(({ name }) => name === service);
    if (topology === undefined || !topology.sharded) return [];
    const count = own(this.#counts, service) ?? topology.replicas;
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
    this.#clock.cancel(watched.timer);
    watched.lookAt = Number.POSITIVE_INFINITY;
    this.#find(service, watched.shards)
      .then((members) => this.#take(watched, members))
      // No answer from DNS says nothing about the replicas: the members stay as last known, the next look may do.
      .catch(() => {})
      .finally(() => {
        watched.looking = false;
        if (watched.again) {
          watched.again = false;
          this.#look(service);
        } else if (isAnyAway(watched.members) && this.#clock.now() - watched.changedAt < AWAY_MS)
          this.#lookIn(service, AWAY_POLL_MS);
      });
  }

  #take(watched: Watched, members: readonly Member[]): void {
    if (areSame(members, watched.members)) return;
    watched.members = members;
    watched.changedAt = this.#clock.now();
    for (const changed of [...watched.changed]) changed();
  }

  /** Looks again no later than that, once. */
  #lookIn(service: string, ms: number): void {
    const watched = this.#watched.get(service);
    const at = this.#clock.now() + ms;
    if (watched === undefined || watched.lookAt <= at) return;
    this.#clock.cancel(watched.timer);
    watched.lookAt = at;
    watched.timer = this.#clock.after(ms, () => this.#look(service)).unref();
  }

  /** How to ask for the shards of a service; undefined where its replicas have no names of their own. */
  #shardsOf(service: string): ShardAddresses | undefined {
    const { any, shard } = this.#namesOf(service) ?? {};
    const isSharded = this.#options.topology.services.some(({ name, sharded }) => name === service && sharded);
    if (any === undefined || shard === undefined || !isSharded) return undefined;
    const ask = (template: string, ordinal: number) => this.#resolve(split(fill(template, service, ordinal))[0]);
    return new ShardAddresses({ all: () => ask(any, 0), shard: (ordinal) => ask(shard, ordinal) });
  }

  #namesOf(service: string): PeerNames[string] | undefined {
    return own(this.#options.names, service) ?? this.#options.names["*"];
  }

  async #find(service: string, shards: ShardAddresses | undefined): Promise<readonly Member[]> {
    const names = this.#namesOf(service);
    if (names === undefined) return [];
    if (shards !== undefined) {
      const addresses = await shards.look(this.#expected(service).length);
      // The count may have changed meanwhile.
      return this.#expected(service).map((member) => {
        const address = addresses[member.ordinal];
        const [, port] = split(names.shard!);
        return address === undefined
          ? member
          : { ...member, address: `tcp:${wrap(address)}:${port}`, state: "ready" as const };
      });
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
  readonly shards: ShardAddresses | undefined;
  /** On the clock. */
  changedAt: number;
  readonly changed: Set<() => void>;
  looking: boolean;
  again: boolean;
  /** Of a look that comes before the regular one. */
  timer: Timer | undefined;
  lookAt: number;
}

/** What is looked up differs in these alone. */
function areSame(some: readonly Member[], others: readonly Member[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ name, address }, index) => name === others[index]!.name && address === others[index]!.address)
  );
}

function isAnyAway(members: readonly Member[]): boolean {
  return members.length === 0 || members.some(({ state }) => state !== "ready");
}

async function resolveHost(host: string): Promise<readonly string[]> {
  try {
    // Loaded where replicas are found by DNS, which under the local runner they are not.
    const { lookup } = await import("node:dns/promises");
    // Replicas listen on IPv4 alone. Asked for both kinds at once, the system's resolver waits five seconds where either
    // answer is lost.
    return (await lookup(host, { all: true, family: 4 })).map(({ address }) => address);
  } catch (error) {
    const code = systemCode(error);
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
