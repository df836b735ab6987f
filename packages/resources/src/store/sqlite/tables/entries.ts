import type { DatabaseSync } from "node:sqlite";
import type {
  Answers,
  DeleteEntry,
  Entry,
  Expiry,
  Outcome,
  Query,
  Results,
  SetEntries,
} from "../../contract/operations.ts";
import type { CachedEntry, EntryCache } from "./entry-cache.ts";
import type { Locks } from "./locks.ts";
import { select } from "./select.ts";
import type { Next } from "./sequence.ts";

/** Writes keys and values, within a transaction of whoever calls. */
export class Entries {
  readonly #next: Next;
  readonly #locks: Locks;
  readonly #cache: EntryCache;
  readonly #find;
  readonly #put;
  readonly #remove;
  readonly #forget;

  constructor(database: DatabaseSync, next: Next, locks: Locks, cache: EntryCache) {
    this.#next = next;
    this.#locks = locks;
    this.#cache = cache;
    this.#find = select<{ readonly version: number }>(
      database,
      "select version from entry where store = ? and key = ? and (expires is null or expires > ?)",
    );
    this.#put = database.prepare(
      `insert into entry (store, key, value, version, expires) values (?, ?, ?, ?, ?)
       on conflict do update set value = excluded.value, version = excluded.version, expires = excluded.expires`,
    );
    this.#remove = database.prepare("delete from entry where store = ? and key = ?");
    this.#forget = database.prepare(
      `delete from entry where (store, key) in (select store, key from entry where expires <= ? limit ?)`,
    );
  }

  set({ store, entries, ttlMs, fence }: SetEntries, now: number): Outcome {
    const stale = this.#stale(fence, now);
    if (stale !== undefined) return stale;
    // All are looked at before the first is written: a refusal leaves nothing to undo.
    for (const { key, ifVersion } of entries) {
      const conflict = ifVersion === undefined ? undefined : this.#conflict(store, key, ifVersion, now);
      if (conflict !== undefined) return conflict;
    }
    const expires = ttlMs === undefined ? null : now + ttlMs;
    const versions = entries.map(({ key, value }) => {
      const version = this.#next();
      this.#cache.forget(store, key);
      this.#put.run(store, key, value, version, expires);
      return version;
    });
    return { ok: { versions } satisfies Results["set"] };
  }

  delete({ store, key, ifVersion, fence }: DeleteEntry, now: number): Outcome {
    const stale = this.#stale(fence, now);
    if (stale !== undefined) return stale;
    const conflict = ifVersion === undefined ? undefined : this.#conflict(store, key, ifVersion, now);
    if (conflict !== undefined) return conflict;
    const existed = this.#find.get(store, key, now) !== undefined;
    this.#cache.forget(store, key);
    this.#remove.run(store, key);
    return { ok: { existed } satisfies Results["delete"] };
  }

  /** Removes entries whose time is over; returns how many. */
  sweep(now: number, most: number): number {
    return Number(this.#forget.run(now, most).changes);
  }

  #conflict(store: string, key: string, ifVersion: number, now: number): Outcome | undefined {
    const found = this.#find.get(store, key, now);
    const version = found?.version ?? 0;
    if (version === ifVersion) return undefined;
    const is = version === 0 ? "absent" : `of version ${version}`;
    const wanted = ifVersion === 0 ? "absent" : `of version ${ifVersion}`;
    return refuse(`"${key}" of ${store} is ${is}, and should be ${wanted}: read it again, and decide anew.`);
  }

  #stale(fence: number | undefined, now: number): Outcome | undefined {
    if (fence === undefined || this.#locks.isHeld(fence, now)) return undefined;
    return refuse(`The lock of token ${fence} is not held any more: somebody else may be at work.`);
  }
}

function refuse(message: string): Outcome {
  return { refused: { code: "ABORTED", message } };
}

/** Reads keys and values, of what is committed. */
export class EntryReader {
  readonly #cache: EntryCache;
  readonly #get;
  readonly #list;
  readonly #ended;
  readonly #next;

  constructor(database: DatabaseSync, cache: EntryCache) {
    this.#cache = cache;
    this.#get = select<Entry & { readonly expires: number | null }>(
      database,
      "select key, value, version, expires from entry where store = ? and key = ?",
    );
    // SQLite compares text by the bytes of its UTF-8.
    this.#list = select<Entry>(
      database,
      `select key, value, version from entry
       where store = ? and key >= ? and key > ? and (expires is null or expires > ?) order by key`,
    );
    // The index has the primary key behind its column: nothing is sorted.
    this.#ended = select<Expiry>(
      database,
      `select expires as at, store, key from entry
       where expires >= ? and expires <= ? and (expires, store, key) > (?, ?, ?) order by expires, store, key limit ?`,
    );
    this.#next = select<{ readonly at: number | null }>(
      database,
      "select min(expires) as at from entry where expires > ?",
    );
  }

  get({ store, keys }: Extract<Query, { kind: "get" }>, now: number): Answers["get"] {
    return keys.map((key) => {
      const found = this.#cache.get(store, key) ?? this.#find(store, key);
      return found === undefined || (found.expires !== null && found.expires <= now) ? undefined : found.entry;
    });
  }

  #find(store: string, key: string): CachedEntry | undefined {
    const row = this.#get.get(store, key);
    if (row === undefined) return undefined;
    const found = { entry: { key: row.key, value: row.value, version: row.version }, expires: row.expires };
    this.#cache.put(store, found);
    return found;
  }

  ended({ from, aheadMs, most }: Extract<Query, { kind: "ended" }>, now: number): Answers["ended"] {
    const ended = [...this.#ended.iterate(from.at, now + aheadMs, from.at, from.store, from.key, most)];
    const at = this.#next.get(now)?.at ?? undefined;
    return { ended, now, nextInMs: at === undefined ? undefined : at - now };
  }

  list({ store, prefix, after, most }: Extract<Query, { kind: "list" }>, now: number): Answers["list"] {
    const entries: Entry[] = [];
    if (most < 1) return entries;
    for (const entry of this.#list.iterate(store, prefix, after ?? "", now)) {
      if (!entry.key.startsWith(prefix)) break;
      entries.push(entry);
      if (entries.length === most) break;
    }
    return entries;
  }
}
