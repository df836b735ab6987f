/** After so many looks, shards whose addresses the set does not have are asked for by name, whatever the set says. */
const FULL_EVERY = 10;
/** Names asked for at the same time: the system's resolver has four threads, which others need, too. */
const AT_ONCE = 3;

export interface ShardNames {
  /** The addresses of all shards together, as far as one answer holds them. */
  all(): Promise<readonly string[]>;
  /** Those of one. */
  one(ordinal: number): Promise<readonly string[]>;
}

/**
 * The addresses of the shards of one service, asked of DNS as rarely as can be: one question for all of them, and by name
 * only those shards whose address is no longer among the answers, once there is something new to learn. A thousand shards
 * that stay where they are cost one question a look.
 *
 * An answer need not be whole: some resolvers keep 48 addresses, and no answer of DNS holds more than about four
 * thousand. So a shard whose address is missing is not given up before its own name says so.
 */
export class ShardAddresses {
  readonly #names: ShardNames;
  #known: (string | undefined)[] = [];
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
    const known = Array.from({ length: count }, (_, ordinal) => this.#known[ordinal]);
    const holders = new Map(known.map((address, ordinal) => [address, ordinal]));
    const isNews = set !== this.#set || answer.some((one) => !holders.has(one)) || ++this.#looks % FULL_EVERY === 0;
    const suspects = [...this.#suspects].filter((ordinal) => ordinal < count);
    this.#suspects.clear();
    const present = new Set<string | undefined>(answer);
    const lost = isNews ? [...known.keys()].filter((ordinal) => !present.has(known[ordinal])) : [];
    this.#known = known;
    try {
      await this.#ask([...new Set([...lost, ...suspects])], known, holders);
      this.#set = set;
    } catch (error) {
      // What was not answered is asked again.
      this.#set = undefined;
      for (const ordinal of suspects) this.#suspects.add(ordinal);
      throw error;
    }
    return known;
  }

  /** Asks for these by name, and for those whose address turns out to be another's now. */
  async #ask(due: number[], known: (string | undefined)[], holders: Map<string | undefined, number>): Promise<void> {
    const failures: unknown[] = [];
    let next = 0;
    const worker = async () => {
      while (next < due.length && failures.length === 0) {
        const ordinal = due[next++]!;
        try {
          const before = known[ordinal];
          const addresses = await this.#names.one(ordinal);
          // While a shard is replaced, its name may have the old and the new address: the one not known yet is newer.
          const address = addresses.findLast((one) => one !== before) ?? addresses[0];
          known[ordinal] = address;
          if (address === undefined || address === before) continue;
          const holder = holders.get(address);
          if (holder !== undefined && holder !== ordinal && known[holder] === address && !due.includes(holder))
            due.push(holder);
          holders.set(address, ordinal);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if (failures.length > 0) throw failures[0];
  }
}
