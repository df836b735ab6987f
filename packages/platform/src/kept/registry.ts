import { createHash } from "node:crypto";
import { HadronError, isHadronError } from "@hadron/core";
import type { Bucket, KeyValue } from "@hadron/resources";
import type { Kind, Records, RouteRecord } from "./records.ts";
import { RouteTree } from "./route-tree.ts";

const PAUSE_MS = 500;

/** What the platform keeps, as one replica sees it: a copy of all but the bytes, which follows the store. */
export class Registry {
  readonly store: KeyValue<unknown>;
  readonly blobs: Bucket;
  readonly #copy = new Map<string, unknown>();
  #routes: RouteTree | undefined;
  /** Reading everything, under way. */
  #reading: Promise<void> | undefined;
  /** The same, not begun yet. */
  #waiting: Promise<void> | undefined;

  constructor(store: KeyValue<unknown>, blobs: Bucket) {
    this.store = store;
    this.blobs = blobs;
  }

  /** Reads everything once. */
  async load(): Promise<void> {
    for await (const { key, value } of this.store.list()) this.#changed(key, value);
  }

  /** Follows the store until the signal aborts. */
  async follow(signal: AbortSignal, pause: (ms: number) => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      const changes = this.store.watch();
      const leave = () => void changes.return().catch(() => {});
      signal.addEventListener("abort", leave, { once: true });
      try {
        for await (const { key, entry } of changes) {
          if (signal.aborted) return;
          this.#changed(key, entry?.value);
        }
      } catch (error) {
        // The store may be away for a while: what is known goes on being served.
        if (!isHadronError(error)) throw error;
      } finally {
        signal.removeEventListener("abort", leave);
      }
      await pause(PAUSE_MS);
    }
  }

  /** As it is known here. */
  known<K extends Kind>(kind: K, id: string): Records[K] | undefined {
    return this.#copy.get(kind + id) as Records[K] | undefined;
  }

  /** All of a kind as they are known here, in the order of their ids. */
  all<K extends Kind>(kind: K): readonly (readonly [string, Records[K]])[] {
    const found = [...this.#copy].filter(([key]) => key.startsWith(kind));
    return found
      .map(([key, value]) => [key.slice(kind.length), value as Records[K]] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1));
  }

  get routes(): RouteTree {
    this.#routes ??= new RouteTree(this.all("route/").map(([, route]) => route));
    return this.#routes;
  }

  /** As the store has it now. */
  async get<K extends Kind>(kind: K, id: string): Promise<Records[K] | undefined> {
    const value = (await this.store.get(kind + id)) as Records[K] | undefined;
    this.#changed(kind + id, value);
    return value;
  }

  async set<K extends Kind>(kind: K, id: string, value: Records[K]): Promise<void> {
    await this.store.set(kind + id, value);
    this.#changed(kind + id, value);
  }

  /** Whether it was absent, and is there now; absent again after `ttlMs`, where that is said. */
  async add<K extends Kind>(
    kind: K,
    id: string,
    value: Records[K],
    { ttlMs }: { readonly ttlMs?: number } = {},
  ): Promise<boolean> {
    try {
      await this.store.set(kind + id, value, { ifVersion: 0, ...(ttlMs === undefined ? {} : { ttlMs }) });
    } catch (error) {
      if (isHadronError(error) && error.code === "ABORTED") return false;
      throw error;
    }
    this.#changed(kind + id, value);
    return true;
  }

  async update<K extends Kind>(
    kind: K,
    id: string,
    change: (value: Records[K] | undefined) => Records[K],
  ): Promise<Records[K]> {
    const value = (await this.store.update(kind + id, (value) =>
      change(value as Records[K] | undefined),
    )) as Records[K];
    this.#changed(kind + id, value);
    return value;
  }

  /** Whether it was there. */
  async delete(kind: Kind, id: string): Promise<boolean> {
    const existed = await this.store.delete(kind + id);
    this.#changed(kind + id, undefined);
    return existed;
  }

  /** Keeps bytes, and gives their digest. */
  async keep(bytes: Uint8Array, contentType: string): Promise<string> {
    const digest = digestOf(bytes);
    if ((await this.get("blob/", digest)) === undefined) await this.blobs.put(digest, bytes);
    await this.set("blob/", digest, { contentType, bytes: bytes.length });
    return digest;
  }

  /** FAILED_PRECONDITION where what is kept is not what was registered. */
  async bytes(digest: string): Promise<Uint8Array> {
    const bytes = await (await this.blobs.get(digest))?.bytesOf();
    if (bytes === undefined) throw new HadronError("NOT_FOUND", `There is nothing of the digest ${digest}.`);
    if (digestOf(bytes) === digest) return bytes;
    throw new HadronError("FAILED_PRECONDITION", `What is kept as ${digest} has another digest: register it again.`);
  }

  /** The digest that a name, or `techID://…`, stands for here. NOT_FOUND where there is none. */
  resolve(name: string): string {
    const digest = name.startsWith(TECH_ID) ? name.slice(TECH_ID.length) : this.known("name/", name)?.digest;
    if (digest !== undefined && this.known("blob/", digest) !== undefined) return digest;
    throw new HadronError("NOT_FOUND", `There is no module or file "${name}": register it first.`);
  }

  /** The same as the store has it now. */
  async find(name: string): Promise<string> {
    const digest = name.startsWith(TECH_ID) ? name.slice(TECH_ID.length) : (await this.get("name/", name))?.digest;
    if (digest !== undefined) await this.get("blob/", digest);
    return this.resolve(name);
  }

  async findRoute(method: string, segments: readonly string[]) {
    const found = this.routes.find(method, segments);
    if (found.kind === "found") return found;
    // Another replica may have plugged it a moment ago.
    await this.#reload();
    return this.routes.find(method, segments);
  }

  /** Reads everything once more, from now on: whoever asks while that is under way shares the next time, so that misses cost the store little. */
  #reload(): Promise<void> {
    const again = async () => {
      await this.#reading?.catch(() => {});
      this.#waiting = undefined;
      this.#reading = this.load().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    };
    this.#waiting ??= again();
    return this.#waiting;
  }

  #changed(key: string, value: unknown): void {
    if (value === undefined) this.#copy.delete(key);
    else this.#copy.set(key, value);
    if (key.startsWith("route/")) this.#routes = undefined;
  }
}

export const TECH_ID = "techID://";

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export type { RouteRecord };
