import type { Entry } from "../../contract/operations.ts";

/** So many bytes are kept, in two halves. */
const MOST_BYTES = 8 * 1024 * 1024;
/** What is larger is read from the database each time. */
const MOST_VALUE_BYTES = 64 * 1024;
/** What an entry takes beside its value, about. */
const OVERHEAD_BYTES = 200;

export interface CachedEntry {
  readonly entry: Entry;
  /** By the store's clock; null: never. */
  readonly expires: number | null;
}

/**
 * Entries as they are committed, in memory: those that were read lately, and not written since. To ask SQLite takes ten times as long.
 * Whoever writes forgets first, so that a transaction that is rolled back has done no harm.
 */
export class EntryCache {
  #young = new Map<string, CachedEntry>();
  #old = new Map<string, CachedEntry>();
  #bytes = 0;

  get(store: string, key: string): CachedEntry | undefined {
    const name = nameOf(store, key);
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.#put(name, old);
    return old;
  }

  put(store: string, cached: CachedEntry): void {
    if (cached.entry.value.length <= MOST_VALUE_BYTES) this.#put(nameOf(store, cached.entry.key), cached);
  }

  forget(store: string, key: string): void {
    if (this.#young.size === 0 && this.#old.size === 0) return;
    const name = nameOf(store, key);
    this.#young.delete(name);
    this.#old.delete(name);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#bytes = 0;
  }

  #put(name: string, cached: CachedEntry): void {
    this.#bytes += cached.entry.value.length + 2 * name.length + OVERHEAD_BYTES;
    // The older half goes.
    if (this.#bytes > MOST_BYTES / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#bytes = 0;
    }
    this.#young.set(name, cached);
  }
}

/** No key has U+0000 in it. */
function nameOf(store: string, key: string): string {
  return `${store}\0${key}`;
}
