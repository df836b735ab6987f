import { HadronError, isHadronError } from "@hadron/core/spi";
import { checkKey } from "../client/keys.ts";
import type { StoreOf } from "../client/store-of.ts";
import { checkRead, checkWritten, fromStored, toStored, type ValueCheck } from "../client/values.ts";
import type { SetEntries, Entry as StoredEntry } from "../store/contract/operations.ts";
import { inTurn } from "./in-turn.ts";
import { watchEntries } from "./watch-entries.ts";

/** A value may have so many bytes. What is larger belongs into a bucket. */
export const MOST_VALUE_BYTES = 1024 * 1024;
/** Entries that one trip of a list brings. */
const PAGE = 100;

/** One key, with what is kept under it. */
export interface Entry<T> {
  readonly key: string;
  readonly value: T;
  /** Larger than that of every earlier write in this store: it never comes again, not even after a delete. */
  readonly version: number;
}

/** On what condition an entry is written, and how long it stays. */
export interface WriteOptions {
  /** Writes only over this version; 0: only where the key is absent. ABORTED otherwise. @default whatever is there */
  readonly ifVersion?: number;
  /** Absent again after so long, in milliseconds. @default what the key-value declares, else never */
  readonly ttlMs?: number;
  /** A lock's token: ABORTED once that is not held any more. @default none */
  readonly fence?: number;
}

/** Which entries are listed. */
export interface ListOptions {
  /** Only keys that begin so. @default all */
  readonly prefix?: string;
  /** Only keys behind this one. @default from the first */
  readonly after?: string;
}

/** A change of a key: its entry as it is now, or undefined where it is absent. */
export interface EntryChange<T> {
  readonly key: string;
  readonly entry: Entry<T> | undefined;
}

export interface KeyValueSettings<T> {
  readonly name: string;
  readonly check: ValueCheck<T>;
  readonly ttlMs: number | undefined;
}

/** Values by key, shared by all replicas; each key linearizable, each write on disk before it is answered. */
export class KeyValueStore<T> {
  readonly #settings: KeyValueSettings<T>;
  readonly #storeOf: StoreOf;

  constructor(settings: KeyValueSettings<T>, storeOf: StoreOf) {
    this.#settings = settings;
    this.#storeOf = storeOf;
  }

  /** The value of a key, or undefined. */
  async get(key: string): Promise<T | undefined> {
    return (await this.entry(key))?.value;
  }

  /** The value of a key with its version, or undefined. */
  async entry(key: string): Promise<Entry<T> | undefined> {
    checkKey(key, this.#settings.name);
    const reached = this.#storeOf();
    const store = reached instanceof Promise ? await reached : reached;
    const [found] = await store.read({ kind: "get", store: this.#settings.name, keys: [key] });
    return found === undefined ? undefined : this.#toEntry(found);
  }

  /** Writes a value, and gives its version. ABORTED where a condition does not hold. */
  async set(key: string, value: T, options: WriteOptions = {}): Promise<number> {
    const [version] = await this.#write([{ key, value, ifVersion: options.ifVersion }], options);
    return version;
  }

  /** Writes several values, all or none, and gives their versions. */
  async setMany(
    entries: readonly { readonly key: string; readonly value: T; readonly ifVersion?: number }[],
    options: Omit<WriteOptions, "ifVersion"> = {},
  ): Promise<readonly number[]> {
    return entries.length === 0 ? [] : this.#write(entries, options);
  }

  /** Removes a key; whether it was there. */
  async delete(key: string, { ifVersion, fence }: Omit<WriteOptions, "ttlMs"> = {}): Promise<boolean> {
    checkKey(key, this.#settings.name);
    const store = await this.#storeOf();
    return (await store.do({ kind: "delete", store: this.#settings.name, key, ifVersion, fence })).existed;
  }

  /**
   * Replaces a value by what is made of it, as if nobody else wrote meanwhile. `change` may run several times, so it should
   * do nothing else; if it throws, nothing is written. A key that many change at once is changed in turn.
   *
   * @example
   * await carts.update("ann", (cart = empty) => add(cart, item));
   */
  async update(
    key: string,
    change: (value: T | undefined) => T | Promise<T>,
    options: Omit<WriteOptions, "ifVersion"> = {},
  ): Promise<T> {
    const attempt = async () => {
      const found = await this.entry(key);
      const value = await change(found?.value);
      await this.set(key, value, { ...options, ifVersion: found?.version ?? 0 });
      return value;
    };
    try {
      return await attempt();
    } catch (error) {
      if (!isHadronError(error) || error.code !== "ABORTED") throw error;
    }
    return inTurn(await this.#storeOf(), `${this.#settings.name}/${key}`, attempt);
  }

  /** Entries in the order of their keys' UTF-8 bytes. Each is as it was at some time during the iteration. */
  async *list({ prefix = "", after }: ListOptions = {}): AsyncGenerator<Entry<T>, void, undefined> {
    let last = after;
    for (;;) {
      const store = await this.#storeOf();
      const page = await store.read({ kind: "list", store: this.#settings.name, prefix, after: last, most: PAGE });
      for (const found of page) yield await this.#toEntry(found);
      if (page.length < PAGE) return;
      last = page.at(-1)?.key;
    }
  }

  /**
   * All entries below a prefix, and then each that changes, as it is when it is told: of several quick changes perhaps the
   * last alone. Goes on until it is left.
   */
  async *watch({ prefix = "" }: Pick<ListOptions, "prefix"> = {}): AsyncGenerator<EntryChange<T>, void, undefined> {
    const { name } = this.#settings;
    for await (const { key, entry } of watchEntries(await this.#storeOf(), name, prefix)) {
      yield { key, entry: entry === undefined ? undefined : await this.#toEntry(entry) };
    }
  }

  async #write(
    entries: readonly { readonly key: string; readonly value: T; readonly ifVersion?: number | undefined }[],
    { ttlMs = this.#settings.ttlMs, fence }: Omit<WriteOptions, "ifVersion">,
  ): Promise<readonly [number, ...number[]]> {
    const { name, check } = this.#settings;
    if (ttlMs !== undefined && !(ttlMs > 0)) {
      throw new HadronError("INVALID_INPUT", `ttlMs is ${ttlMs}, and should be milliseconds, above 0.`, {
        unsent: true,
      });
    }
    const stored: SetEntries["entries"][number][] = [];
    for (const { key, value, ifVersion } of entries) {
      checkKey(key, name);
      const of = nameOf(key, name);
      // Without a schema there is nothing to wait for.
      const written = check.schema === undefined ? value : await checkWritten(value, check, of);
      stored.push({ key, ifVersion, value: toStored(written, of, MOST_VALUE_BYTES) });
    }
    const found = this.#storeOf();
    const store = found instanceof Promise ? await found : found;
    const { versions } = await store.do({ kind: "set", store: name, entries: stored, ttlMs, fence });
    const [first, ...rest] = versions;
    if (first === undefined)
      throw new HadronError("INTERNAL", `The store gave no version for what was written to ${name}.`);
    return [first, ...rest];
  }

  #toEntry({ key, value, version }: StoredEntry): Entry<T> | Promise<Entry<T>> {
    const { name, check } = this.#settings;
    const of = nameOf(key, name);
    const stored = fromStored(value, of);
    // Nothing to check, and so nothing to wait for.
    if (check.schema === undefined && check.upgrade === undefined) return { key, value: stored as T, version };
    return checkRead(stored, check, of).then((checked) => ({ key, value: checked, version }));
  }
}

/** Names an entry in messages. A key may be long. */
function nameOf(key: string, store: string): string {
  return `"${key.length > 60 ? `${key.slice(0, 59)}…` : key}" of ${store}`;
}
