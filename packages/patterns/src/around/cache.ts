import type { Clock, Context, Part } from "@hadron/core";
import { HadronError, outsideOfCalls, pattern, type Resource, resourceDefinition, withinCall } from "@hadron/core/spi";
import { checkCount, checkHandler, checkMs, type SharedContext, Waiters } from "./shared.ts";

/** An output that is kept. */
export interface Cached<O> {
  readonly output: O;
  /** When it was made, in milliseconds since 1970, by the clock of the replica that made it. */
  readonly at: number;
}

/** Where outputs are kept for all replicas: a `keyValue` of its own will do. */
export interface CacheStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: any, options: { readonly ttlMs: number }): Promise<unknown>;
}

export interface CacheOptions<I> {
  /** So long an output is as good as a new one, in milliseconds. */
  readonly ttlMs: number;
  /** So long after that it is still given, while a new one is made. @default 0 */
  readonly staleMs?: number;
  /** What an output is kept under. @default the input as JSON */
  readonly key?: (input: I) => string;
  /** Keeps them for all replicas, and when they are gone. @default each replica's memory */
  readonly in?: CacheStore & Resource;
  /** As many are kept in memory; the one that was made first goes. @default 10 000 */
  readonly most?: number;
}

/**
 * Keeps what a handler gives. Of calls with the same key that come while it works, in one replica, one works and all get what comes of
 * it. An output that is over is given once more for `staleMs`, while a new one is made. Failures are not kept. A store that cannot be
 * asked makes nothing fail: the handler works.
 *
 * INVALID_DECLARATION if an option is out of range, or `in` is no resource.
 *
 * @example
 * export const weather = service("weather", cache(async (city: string) => fetchWeather(city), { ttlMs: 60_000, staleMs: 600_000 }));
 */
export function cache<I, O>(
  handler: (input: I, context: SharedContext) => O | Promise<O>,
  options: CacheOptions<I>,
): Part<(input: I) => Promise<O>> {
  checkHandler("cache", handler);
  const ttlMs = checkMs("cache", "ttlMs", options.ttlMs);
  const staleMs = checkMs("cache", "staleMs", options.staleMs ?? 0);
  const most = checkCount("cache", "most", options.most ?? 10_000);
  const { in: shared, key: keyOf = (input: I) => JSON.stringify(input) ?? "undefined" } = options;
  if (shared !== undefined && resourceDefinition(shared) === undefined) {
    throw new HadronError("INVALID_DECLARATION", "cache: in is no resource; give it a keyValue(name).");
  }
  const root = () => {
    const kept = shared === undefined ? new Memory<O>(most) : new Shared<O>(shared, Math.max(1, ttlMs + staleMs));
    const working = new Map<string, { readonly output: Promise<O>; readonly waiters: Waiters }>();
    const make = (key: string, input: I, { log, replica, clock }: Context) => {
      const waiters = new Waiters();
      const output = outsideOfCalls(async () => {
        try {
          const made = await handler(input, { log, replica, clock, signal: waiters.signal });
          await kept.put(key, { output: made, at: clock.wallNow() }).catch((error: unknown) => tell(log, error));
          return made;
        } finally {
          working.delete(key);
        }
      });
      output.catch(() => {});
      const work = { output, waiters };
      working.set(key, work);
      return work;
    };
    return async (input: I, context: Context): Promise<O> => {
      const key = keyOf(input);
      const found = await kept.get(key).catch((error: unknown) => tell(context.log, error));
      const ageMs = found === undefined ? Number.POSITIVE_INFINITY : age(found, context.clock);
      if (found !== undefined && ageMs < ttlMs) return found.output;
      const work = working.get(key) ?? make(key, input, context);
      if (found !== undefined && ageMs < ttlMs + staleMs) {
        // Whoever asks next has the new one; that it failed is told to those who wait for it.
        work.output.catch((error: unknown) => context.log.warn(`An output could not be made anew: ${error}`));
        return found.output;
      }
      work.waiters.add(context.signal);
      return withinCall(work.output);
    };
  };
  const needs = shared === undefined ? {} : { needs: { uses: [shared] } };
  return pattern({ name: "cache", children: {}, root, ...needs }) as unknown as Part<(input: I) => Promise<O>>;
}

class Memory<O> {
  readonly #most: number;
  readonly #outputs = new Map<string, Cached<O>>();

  constructor(most: number) {
    this.#most = most;
  }

  async get(key: string): Promise<Cached<O> | undefined> {
    return this.#outputs.get(key);
  }

  async put(key: string, cached: Cached<O>): Promise<void> {
    this.#outputs.delete(key);
    this.#outputs.set(key, cached);
    if (this.#outputs.size <= this.#most) return;
    const [first] = this.#outputs.keys();
    if (first !== undefined) this.#outputs.delete(first);
  }
}

class Shared<O> {
  readonly #store: CacheStore;
  readonly #ttlMs: number;

  constructor(store: CacheStore, ttlMs: number) {
    this.#store = store;
    this.#ttlMs = ttlMs;
  }

  async get(key: string): Promise<Cached<O> | undefined> {
    return (await this.#store.get(key)) as Cached<O> | undefined;
  }

  async put(key: string, cached: Cached<O>): Promise<void> {
    await this.#store.set(key, cached, { ttlMs: this.#ttlMs });
  }
}

/** A clock that was set back makes none younger than it is. */
function age({ at }: Cached<unknown>, clock: Clock): number {
  return Math.max(0, clock.wallNow() - at);
}

function tell(log: Context["log"], error: unknown): undefined {
  log.warn(`The cache cannot be asked: ${error instanceof Error ? error.message : String(error)}`);
  return undefined;
}
