/** After so many looks, shards whose addresses an answer does not have are asked for by name, whatever it says. */
const FULL_EVERY = 10;
/** An answer of fewer addresses is whole: the tightest resolvers have room for more in half a kilobyte. */
const WHOLE = 24;
/** Names asked for at the same time: the system's resolver has four threads, which others need, too. */
const AT_ONCE = 3;
/** After so many names without an answer, the rest waits for the next look. */
const MOST_FAILURES = 10;

export interface ShardNames {
  /** The addresses of all shards together, as far as one answer holds them. */
  all(): Promise<readonly string[]>;
  /** Those of one of them. */
  shard(ordinal: number): Promise<readonly string[]>;
}

/**
 * The addresses of the shards of one service, asked of DNS as rarely as can be: one question for all of them, and by name
 * only those whose address is not among the answers, once there is an address that belongs to nobody yet. A thousand
 * shards that stay where they are cost one question a look; one that is away costs no more.
 *
 * A long answer need not be whole: some resolvers keep 48 addresses, and no answer of DNS holds more than about four
 * thousand. Then a shard whose address is missing is not given up before its own name says so.
 */
export class ShardAddresses {
  readonly #names: ShardNames;
  #known: (string | undefined)[] = [];
  /** The address that each had last, also while it is away. */
  readonly #last: string[] = [];
  #set: string | undefined;
  #looks = 0;
  readonly #suspects = new Set<number>();

  constructor(names: ShardNames) {
    this.#names = names;
  }

  /** Its connection broke: the next look asks for it by name. */
  suspect(ordinal: number): void {
    this.#suspects.add(ordinal);
  }

  /** Looks again, for so many shards. Undefined: a shard that is away. Rejects where DNS does not answer. */
  async look(count: number): Promise<readonly (string | undefined)[]> {
    const answer = await this.#names.all();
    const set = [...answer].sort().join();
    const present = new Set<string | undefined>(answer);
    const known = Array.from({ length: count }, (_, ordinal) => this.#known[ordinal]);
    const holders = new Map(known.map((address, ordinal) => [address, ordinal]));
    const lost = [...known.keys()].filter((ordinal) => !present.has(known[ordinal]));
    const due = new Set([...this.#suspects].filter((ordinal) => ordinal < count));
    this.#suspects.clear();
    const isNew = answer.some((address) => !holders.has(address));
    const isWhole = answer.length < WHOLE;
    if (isWhole) for (const ordinal of lost) known[ordinal] = undefined;
    if (isNew || (!isWhole && (set !== this.#set || ++this.#looks % FULL_EVERY === 0)))
      for (const ordinal of lost) due.add(ordinal);
    this.#known = known;
    const failed = await this.#ask([...due], known, holders);
    this.#set = failed.length === 0 ? set : undefined;
    for (const ordinal of failed) this.#suspects.add(ordinal);
    return known;
  }

  /** Asks for these by name, and for those whose address turns out to be another's now. Returns which were not answered. */
  async #ask(
    due: number[],
    known: (string | undefined)[],
    holders: Map<string | undefined, number>,
  ): Promise<readonly number[]> {
    const failed: number[] = [];
    let next = 0;
    const worker = async () => {
      while (next < due.length && failed.length < MOST_FAILURES) {
        const ordinal = due[next++]!;
        let addresses: readonly string[];
        try {
          addresses = await this.#names.shard(ordinal);
        } catch {
          failed.push(ordinal); // No answer says nothing about the shard: it stays as last known.
          continue;
        }
        // While a shard is replaced, its name may have the old and the new address: the one not known yet is newer.
        const address = addresses.findLast((found) => found !== this.#last[ordinal]) ?? addresses[0];
        known[ordinal] = address;
        if (address === undefined) continue;
        this.#last[ordinal] = address;
        const holder = holders.get(address);
        if (holder !== undefined && holder !== ordinal && known[holder] === address && !due.includes(holder))
          due.push(holder);
        holders.set(address, ordinal);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return [...failed, ...due.slice(next)];
  }
}
