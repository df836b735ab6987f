import type { Clock } from "../../clock/clock.ts";
import { placeOf } from "../../describe/topology.ts";
import { HadronError } from "../../errors.ts";
import type { Member } from "../directory/directory.ts";
import { Outliers } from "./outliers.ts";
import { Peer, type PeerOptions } from "./peer.ts";

/** Where a call may go: any of a set of replicas, or one shard. */
export interface Target {
  /** As messages name it. */
  readonly what: string;
  /** Keeps calls from those that are worse than the others; undefined where there are no others. */
  readonly outliers: Outliers | undefined;
  /** One that can take a call now, another than `not` if there is one; undefined: wait; an error: waiting is in vain. */
  select(not?: Peer): Peer | HadronError | undefined;
}

/** The replicas of one service, in the sets that calls are made to. Made anew only when the directory's list changes. */
export class Roster {
  readonly #options: PeerOptions;
  readonly #wake: () => void;
  readonly #peers = new Map<string, Peer>();
  readonly #retired = new Set<Peer>();
  readonly #anys = new Map<number, AnyOf>();
  readonly #shards = new Map<number, Shard>();
  #list: readonly Member[] | undefined;

  constructor(options: PeerOptions, wake: () => void) {
    this.#options = options;
    this.#wake = wake;
  }

  get peers(): Iterable<Peer> {
    return this.#peers.values();
  }

  /** The members of one set of the service, by their place in it. */
  members(groups: number, group: number): readonly Member[] {
    return this.#any(groups, group).members;
  }

  any(groups: number, group: number): Target {
    return this.#any(groups, group);
  }

  shard(ordinal: number): Target {
    this.changed();
    let shard = this.#shards.get(ordinal);
    if (shard === undefined) {
      shard = new Shard(`shard ${ordinal} of "${this.#options.service}"`, () => this.#peerOf(ordinal));
      this.#shards.set(ordinal, shard);
    }
    return shard;
  }

  /** Why members are not there, as far as known. */
  reasons(): string[] {
    return (this.#list ?? []).filter((one) => one.reason !== undefined).map((one) => `${one.name}: ${one.reason}`);
  }

  /** Looks at the directory again. */
  changed(): void {
    const list = this.#options.directory.members(this.#options.service);
    if (list === this.#list) return;
    this.#list = list;
    const names = new Set(list.map((member) => member.name));
    for (const peer of this.#peers.values()) if (!names.has(peer.member.name)) this.#retire(peer);
    for (const member of list) {
      const peer = this.#peers.get(member.name);
      // One that is elsewhere now is another process: calls in flight end where they are.
      if (peer !== undefined && peer.member.address !== member.address) this.#retire(peer);
      else peer?.update(member);
      if (!this.#peers.has(member.name)) this.#peers.set(member.name, new Peer(member, this.#options, this.#wake));
    }
    for (const any of this.#anys.values()) any.forget();
    for (const shard of this.#shards.values()) shard.forget();
  }

  close(): void {
    for (const peer of [...this.#peers.values(), ...this.#retired]) peer.close();
    this.#peers.clear();
    this.#retired.clear();
  }

  #any(groups: number, group: number): AnyOf {
    this.changed();
    const key = groups === 1 ? 0 : group;
    let any = this.#anys.get(key);
    if (any === undefined) {
      any = new AnyOf(`"${this.#options.service}"`, this.#options.clock, () => this.#peersOf(groups, group));
      this.#anys.set(key, any);
    }
    return any;
  }

  #peersOf(groups: number, group: number): Peer[] {
    return [...this.#peers.values()]
      .filter(({ member }) => groups === 1 || placeOf(member.ordinal, groups).group === group)
      .sort((a, b) => a.member.ordinal - b.member.ordinal);
  }

  #peerOf(ordinal: number): Peer | undefined {
    return [...this.#peers.values()].find((peer) => peer.member.ordinal === ordinal);
  }

  #retire(peer: Peer): void {
    this.#peers.delete(peer.member.name);
    this.#retired.add(peer);
    peer.retire(() => this.#retired.delete(peer));
  }
}

/** Interchangeable replicas. */
class AnyOf implements Target {
  readonly what: string;
  readonly #clock: Clock;
  readonly #find: () => Peer[];
  #peers: readonly Peer[] | undefined;
  #members: readonly Member[] | undefined;
  #outliers: Outliers | undefined;

  constructor(what: string, clock: Clock, find: () => Peer[]) {
    this.what = what;
    this.#clock = clock;
    this.#find = find;
  }

  get members(): readonly Member[] {
    this.#members ??= this.#all.map((peer) => peer.member);
    return this.#members;
  }

  get outliers(): Outliers | undefined {
    const peers = this.#all;
    if (peers.length < 2) return undefined;
    this.#outliers ??= new Outliers(peers, this.#clock);
    return this.#outliers;
  }

  forget(): void {
    this.#peers = this.#members = this.#outliers = undefined;
  }

  select(not?: Peer): Peer | HadronError | undefined {
    const peers = this.#all;
    const { length } = peers;
    if (length > 1) {
      // M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001.
      const first = Math.floor(this.#clock.random() * length);
      const a = peers[first]!;
      const b = peers[(first + 1 + Math.floor(this.#clock.random() * (length - 1))) % length]!;
      const aIsGood = a !== not && a.usable && !a.avoided;
      const bIsGood = b !== not && b.usable && !b.avoided;
      if (aIsGood && bIsGood) return a.inFlight <= b.inFlight ? a : b;
    } else if (length === 1 && peers[0]!.usable) return peers[0];
    return this.#search(peers, not);
  }

  get #all(): readonly Peer[] {
    this.#peers ??= this.#find();
    return this.#peers;
  }

  /** The best of what there is: rather one to avoid than none, rather the same again than one to avoid. */
  #search(peers: readonly Peer[], not: Peer | undefined): Peer | HadronError | undefined {
    const usable = peers.filter((peer) => peer.usable);
    if (usable.length === 0) {
      const failed = peers.length > 0 && peers.every((peer) => peer.member.state === "failed");
      return failed ? failure(peers[0]!.member) : undefined;
    }
    const good = usable.filter((peer) => !peer.avoided);
    const others = good.filter((peer) => peer !== not);
    const among = others.length > 0 ? others : good.length > 0 ? good : usable;
    const start = Math.floor(this.#clock.random() * among.length);
    const rotated = [...among.slice(start), ...among.slice(0, start)];
    return rotated.reduce((best, peer) => (peer.inFlight < best.inFlight ? peer : best));
  }
}

/** One shard: it, or nobody. */
class Shard implements Target {
  readonly what: string;
  readonly outliers = undefined;
  readonly #find: () => Peer | undefined;
  #peer: Peer | undefined;

  constructor(what: string, find: () => Peer | undefined) {
    this.what = what;
    this.#find = find;
  }

  forget(): void {
    this.#peer = undefined;
  }

  select(): Peer | HadronError | undefined {
    this.#peer ??= this.#find();
    const peer = this.#peer;
    if (peer === undefined) return undefined;
    if (peer.member.state === "failed") return failure(peer.member);
    return peer.usable ? peer : undefined;
  }
}

function failure({ name, reason }: Member): HadronError {
  return new HadronError(
    "UNAVAILABLE",
    `${name} has failed${reason === undefined ? "" : `: ${reason}`}. Look at its logs.`,
    { path: [name] },
  );
}
