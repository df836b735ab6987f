import type { Clock } from "../../clock/clock.ts";
import { placeOf } from "../../describe/topology.ts";
import { HadronError } from "../../errors.ts";
import type { Member } from "../directory/directory.ts";
import { Candidate, type CandidateOptions } from "./candidate.ts";
import { Outliers } from "./outliers.ts";

/** Where a call may go: any of a set of replicas, or one shard. */
export interface Target {
  /** As messages name it. */
  readonly what: string;
  /** Keeps calls from those that are worse than the others; undefined where there are no others. */
  readonly outliers: Outliers | undefined;
  /** One that can take a call now, another than `not` if there is one; undefined: wait; an error: waiting is in vain. */
  select(not?: Candidate): Candidate | HadronError | undefined;
}

/** The replicas of one service, in the sets that calls are made to. Made anew only when the directory's list changes. */
export class Roster {
  readonly #options: CandidateOptions;
  readonly #wake: () => void;
  readonly #candidates = new Map<string, Candidate>();
  readonly #retired = new Set<Candidate>();
  readonly #anys = new Map<number, AnyOf>();
  readonly #shards = new Map<number, Shard>();
  #list: readonly Member[] | undefined;

  constructor(options: CandidateOptions, wake: () => void) {
    this.#options = options;
    this.#wake = wake;
  }

  get candidates(): Iterable<Candidate> {
    return this.#candidates.values();
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
      shard = new Shard(`shard ${ordinal} of "${this.#options.service}"`, () => this.#candidateOf(ordinal));
      this.#shards.set(ordinal, shard);
    }
    return shard;
  }

  /** Why members are not there, as far as known. */
  reasons(): string[] {
    return (this.#list ?? []).flatMap(({ name, reason }) => (reason === undefined ? [] : [`${name}: ${reason}`]));
  }

  /** Looks at the directory again. */
  changed(): void {
    const list = this.#options.directory.members(this.#options.service);
    if (list === this.#list) return;
    this.#list = list;
    const names = new Set(list.map((member) => member.name));
    for (const candidate of this.#candidates.values()) if (!names.has(candidate.member.name)) this.#retire(candidate);
    for (const member of list) {
      const candidate = this.#candidates.get(member.name);
      // What is elsewhere now is another process: calls in flight end where they are.
      if (candidate !== undefined && candidate.member.address !== member.address) this.#retire(candidate);
      else candidate?.update(member);
      if (!this.#candidates.has(member.name))
        this.#candidates.set(member.name, new Candidate(member, this.#options, this.#wake));
    }
    for (const any of this.#anys.values()) any.forget();
    for (const shard of this.#shards.values()) shard.forget();
  }

  close(): void {
    for (const candidate of [...this.#candidates.values(), ...this.#retired]) candidate.close();
    this.#candidates.clear();
    this.#retired.clear();
  }

  #any(groups: number, group: number): AnyOf {
    this.changed();
    const key = groups === 1 ? 0 : group;
    let any = this.#anys.get(key);
    if (any === undefined) {
      any = new AnyOf(`"${this.#options.service}"`, this.#options.clock, () => this.#candidatesOf(groups, group));
      this.#anys.set(key, any);
    }
    return any;
  }

  #candidatesOf(groups: number, group: number): Candidate[] {
    return [...this.#candidates.values()]
      .filter(({ member }) => groups === 1 || placeOf(member.ordinal, groups).group === group)
      .sort((a, b) => a.member.ordinal - b.member.ordinal);
  }

  #candidateOf(ordinal: number): Candidate | undefined {
    return [...this.#candidates.values()].find((candidate) => candidate.member.ordinal === ordinal);
  }

  #retire(candidate: Candidate): void {
    this.#candidates.delete(candidate.member.name);
    this.#retired.add(candidate);
    candidate.retire(() => this.#retired.delete(candidate));
  }
}

/** Interchangeable replicas. */
class AnyOf implements Target {
  readonly what: string;
  readonly #clock: Clock;
  readonly #find: () => Candidate[];
  #candidates: readonly Candidate[] | undefined;
  #members: readonly Member[] | undefined;
  #outliers: Outliers | undefined;

  constructor(what: string, clock: Clock, find: () => Candidate[]) {
    this.what = what;
    this.#clock = clock;
    this.#find = find;
  }

  get members(): readonly Member[] {
    this.#members ??= this.#all.map((candidate) => candidate.member);
    return this.#members;
  }

  get outliers(): Outliers | undefined {
    const candidates = this.#all;
    if (candidates.length < 2) return undefined;
    this.#outliers ??= new Outliers(candidates, this.#clock);
    return this.#outliers;
  }

  forget(): void {
    this.#candidates = this.#members = this.#outliers = undefined;
  }

  select(not?: Candidate): Candidate | HadronError | undefined {
    const candidates = this.#all;
    const { length } = candidates;
    if (length > 1) {
      // M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001.
      const first = Math.floor(this.#clock.random() * length);
      const a = candidates[first]!;
      const b = candidates[(first + 1 + Math.floor(this.#clock.random() * (length - 1))) % length]!;
      const aIsGood = a !== not && a.usable && !a.avoided;
      const bIsGood = b !== not && b.usable && !b.avoided;
      if (aIsGood && bIsGood) return a.inFlight <= b.inFlight ? a : b;
    } else if (length === 1 && candidates[0]!.usable) return candidates[0];
    return this.#search(candidates, not);
  }

  get #all(): readonly Candidate[] {
    this.#candidates ??= this.#find();
    return this.#candidates;
  }

  /** The best of what there is: rather one to avoid than none, rather the same again than one to avoid. */
  #search(candidates: readonly Candidate[], not: Candidate | undefined): Candidate | HadronError | undefined {
    const usable = candidates.filter((candidate) => candidate.usable);
    if (usable.length === 0) {
      const failed = candidates.length > 0 && candidates.every((candidate) => candidate.member.state === "failed");
      return failed ? failure(candidates[0]!.member) : undefined;
    }
    const good = usable.filter((candidate) => !candidate.avoided);
    const others = good.filter((candidate) => candidate !== not);
    const among = others.length > 0 ? others : good.length > 0 ? good : usable;
    const start = Math.floor(this.#clock.random() * among.length);
    const rotated = [...among.slice(start), ...among.slice(0, start)];
    return rotated.reduce((best, candidate) => (candidate.inFlight < best.inFlight ? candidate : best));
  }
}

/** One shard: it, or nobody. */
class Shard implements Target {
  readonly what: string;
  readonly outliers = undefined;
  readonly #find: () => Candidate | undefined;
  #candidate: Candidate | undefined;

  constructor(what: string, find: () => Candidate | undefined) {
    this.what = what;
    this.#find = find;
  }

  forget(): void {
    this.#candidate = undefined;
  }

  select(): Candidate | HadronError | undefined {
    this.#candidate ??= this.#find();
    const candidate = this.#candidate;
    if (candidate === undefined) return undefined;
    if (candidate.member.state === "failed") return failure(candidate.member);
    return candidate.usable ? candidate : undefined;
  }
}

function failure({ name, reason }: Member): HadronError {
  return new HadronError(
    "UNAVAILABLE",
    `${name} has failed${reason === undefined ? "" : `: ${reason}`}. Look at its logs.`,
    { path: [name] },
  );
}
