import { chunksOf, HadronError, type ResourceHost, withinCall } from "@hadron/core/spi";
import { checkKey } from "../../client/keys.ts";
import { checkContentType } from "../contract/content-type.ts";
import type { Condition, Listed, ObjectInfo, Range } from "../contract/driver.ts";
import type { PutHead } from "../service/files-service.ts";
import { type ObjectBody, toChunks } from "./body.ts";

/** Objects of a page of a list. */
const PAGE = 1000;
/** An upload or a download may take so long, where nobody says. */
const DEFAULT_TIMEOUT_MS = 3_600_000;
const DEFAULT_URL_MS = 15 * 60_000;
/** As long as S3 lets a signed URL be. */
const MOST_URL_MS = 7 * 24 * 3_600_000;

/** How an object is written, and on what condition. */
export interface PutObjectOptions extends Condition {
  /** @default application/octet-stream */
  readonly contentType?: string;
  /** How long it may take, in milliseconds. @default an hour */
  readonly timeoutMs?: number;
  /** Gives it up: nothing is stored. */
  readonly signal?: AbortSignal;
}

/** What of an object is read. */
export interface GetObjectOptions {
  /** Only these bytes, both included. INVALID_INPUT where there are none from there. @default all */
  readonly range?: Range;
  /** How long it may take, in milliseconds. @default an hour */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What whoever has a URL may do, and for how long. */
export interface UrlOptions {
  /** For so long, in milliseconds, by the clock of what keeps the objects; a week at most. @default 15 minutes */
  readonly ttlMs?: number;
  /** `GET` lets read the object, also in parts; `PUT` lets store one, of the bucket's `maxBytes` at most. @default "GET" */
  readonly method?: "GET" | "PUT";
  /** With `PUT`: the `content-type` that it has to be sent with. @default any */
  readonly contentType?: string;
}

/** Which objects are listed. */
export interface ListObjectsOptions {
  /** Only keys that begin so. @default all */
  readonly prefix?: string;
  /** Keys that have the same beginning up to this, behind the prefix, are one entry: `{ prefix }`. @default each is one */
  readonly delimiter?: string;
  /** Only entries behind this key or prefix. @default from the first */
  readonly after?: string;
}

/** An object that was found, with its bytes on their way. */
export interface StoredObject extends ObjectInfo {
  /** Its bytes, once, as they come. INTERNAL before the first that is not as it was stored. */
  readonly body: AsyncIterable<Uint8Array>;
  /** All of them. */
  bytesOf(): Promise<Uint8Array>;
  /** All of them, as UTF-8. */
  text(): Promise<string>;
}

export interface BucketSettings {
  readonly name: string;
  readonly maxBytes: number;
}

/** Objects by key, of any size: they go in and out as streams, in constant memory. */
export class BucketHandle {
  readonly #settings: BucketSettings;
  readonly #hostOf: () => ResourceHost | Promise<ResourceHost>;

  constructor(settings: BucketSettings, hostOf: () => ResourceHost | Promise<ResourceHost>) {
    this.#settings = settings;
    this.#hostOf = hostOf;
  }

  /**
   * Stores an object: it is on disk, whole, when this resolves, and else it is as it was. ABORTED where a condition does not hold,
   * TOO_LARGE beyond the bucket's `maxBytes`.
   *
   * @example
   * await photos.put("a/b.png", request, { contentType: "image/png", ifNoneMatch: "*" });
   */
  async put(key: string, body: ObjectBody, options: PutObjectOptions = {}): Promise<ObjectInfo> {
    const { name: bucket, maxBytes } = this.#settings;
    const {
      contentType = "application/octet-stream",
      ifMatch,
      ifNoneMatch,
      timeoutMs = DEFAULT_TIMEOUT_MS,
      signal,
    } = options;
    checkKey(key, bucket);
    if (ifNoneMatch !== undefined && ifNoneMatch !== "*")
      throw bad(`ifNoneMatch is "${ifNoneMatch}", and should be "*"`);
    checkContentType(contentType);
    const head: PutHead = { bucket, key, contentType, maxBytes, ifMatch, ifNoneMatch };
    const host = await this.#hostOf();
    return withinCall(
      host.call("put", itemsOf(head, body), { timeoutMs, ...(signal && { signal }) }),
    ) as Promise<ObjectInfo>;
  }

  /**
   * An object with its bytes on their way, or undefined. Take them, or leave the loop: until then its file is held.
   *
   * @example
   * const photo = await photos.get("a/b.png", { range: { start: 0, end: 1023 } });
   * for await (const chunk of photo?.body ?? []) response.write(chunk);
   */
  async get(key: string, options: GetObjectOptions = {}): Promise<StoredObject | undefined> {
    const { name: bucket } = this.#settings;
    const { range, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
    checkKey(key, bucket);
    const host = await this.#hostOf();
    const call = host.call("get", { bucket, key, range }, { timeoutMs, ...(signal && { signal }) });
    const items = ((await withinCall(call)) as AsyncIterable<ObjectInfo | null | Uint8Array>)[Symbol.asyncIterator]();
    const { value: info } = await withinCall(items.next());
    if (info === null || info === undefined || info instanceof Uint8Array) {
      await items.return?.();
      return undefined;
    }
    const body = chunksOf(items);
    const bytesOf = async () => Buffer.concat(await Array.fromAsync(body));
    return { ...info, body, bytesOf, text: async () => (await bytesOf()).toString() };
  }

  /** What is known of an object, or undefined. */
  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key, this.#settings.name);
    return (await this.#call("head", { bucket: this.#settings.name, key })) as ObjectInfo | undefined;
  }

  /** Removes an object; whether it was there. ABORTED where it is another than `ifMatch` says. */
  async delete(key: string, { ifMatch }: Pick<Condition, "ifMatch"> = {}): Promise<boolean> {
    checkKey(key, this.#settings.name);
    return (await this.#call("delete", { bucket: this.#settings.name, key, ifMatch })) as boolean;
  }

  /**
   * A URL of an object for callers outside of the app: whoever has it may read the object, or store one with `method: "PUT"`, until it is
   * over; a changed one is 403. It is made whether or not the object is there. FAILED_PRECONDITION where outside callers cannot reach the
   * bucket: declare it with `expose`.
   *
   * @example
   * const link = await photos.url("a/b.png", { ttlMs: 60_000 });
   * const upload = await photos.url("a/c.png", { method: "PUT", contentType: "image/png" });
   */
  async url(key: string, options: UrlOptions = {}): Promise<string> {
    const { name: bucket, maxBytes } = this.#settings;
    const { ttlMs = DEFAULT_URL_MS, method = "GET", contentType } = options;
    checkKey(key, bucket);
    if (!(ttlMs > 0 && ttlMs <= MOST_URL_MS))
      throw bad(`ttlMs is ${ttlMs}, and should be above 0, up to ${MOST_URL_MS}`);
    if (method !== "GET" && method !== "PUT") throw bad(`method is "${method}", and should be "GET" or "PUT"`);
    if (contentType !== undefined) {
      if (method !== "PUT") throw bad("contentType is said of what is stored: with method PUT");
      checkContentType(contentType);
    }
    const most = method === "PUT" && Number.isFinite(maxBytes) ? maxBytes : undefined;
    return (await this.#call("url", { bucket, key, method, ttlMs, contentType, maxBytes: most })) as string;
  }

  /** Objects in the order of their keys' UTF-8 bytes; with a delimiter, common beginnings among them. */
  async *list({ prefix = "", delimiter, after }: ListObjectsOptions = {}): AsyncGenerator<Listed, void, undefined> {
    if (delimiter === "") throw bad("delimiter is empty");
    let behind = after;
    for (;;) {
      const page = { prefix, delimiter, after: behind, most: PAGE };
      const found = (await this.#call("list", { bucket: this.#settings.name, page })) as readonly Listed[];
      yield* found;
      const last = found.at(-1);
      if (found.length < PAGE || last === undefined) return;
      behind = "key" in last ? last.key : last.prefix;
    }
  }

  async #call(procedure: string, input: unknown): Promise<unknown> {
    const host = await this.#hostOf();
    return withinCall(host.call(procedure, input));
  }
}

async function* itemsOf(head: PutHead, body: ObjectBody): AsyncGenerator<PutHead | Uint8Array, void, undefined> {
  yield head;
  yield* toChunks(body);
}

function bad(what: string): HadronError {
  return new HadronError("INVALID_INPUT", `${what}.`, { unsent: true });
}
