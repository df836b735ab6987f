import type { UrlGrant } from "./url-grant.ts";

/** What is known of an object without its bytes. */
export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  /** Names the content: the same bytes have the same. */
  readonly etag: string;
  /** As it was given, e.g. `image/png`. */
  readonly contentType: string;
  /** In milliseconds since 1970. */
  readonly storedAt: number;
}

/** When something may be done to an object. ABORTED where it is otherwise. */
export interface Condition {
  /** Only where the object is this one. */
  readonly ifMatch?: string | undefined;
  /** Only where there is no object. */
  readonly ifNoneMatch?: "*" | undefined;
}

export interface PutOptions extends Condition {
  readonly contentType: string;
  /** More is TOO_LARGE, and nothing is stored. */
  readonly maxBytes: number;
}

/** Bytes of an object, both included; `end` undefined: to its end. */
export interface Range {
  readonly start: number;
  readonly end?: number | undefined;
}

export interface FoundObject {
  readonly info: ObjectInfo;
  /** INTERNAL before the first byte that is not as it was stored. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface ListPage {
  readonly prefix: string;
  /** What lies between the prefix and the next of these is one entry. @default each object is one */
  readonly delimiter?: string | undefined;
  /** Only entries behind this key or common prefix, in the order of UTF-8 bytes. */
  readonly after?: string | undefined;
  readonly most: number;
}

/** An object as lists know it: its type is told by `head` and `get` alone, since not every server lists that. */
export type ListedObject = Omit<ObjectInfo, "contentType">;

/** An object, or all objects with a common beginning. */
export type Listed = ListedObject | { readonly prefix: string };

/** What a bucket holds. */
export interface BucketContents {
  readonly bucket: string;
  readonly objects: number;
  readonly bytes: number;
  /** They are more than were counted. */
  readonly more?: boolean;
}

/**
 * Where objects are kept, by bucket and key. An object is there whole, or it is not; who reads one that is replaced meanwhile reads the
 * old one to its end. What was put is on disk when that resolves.
 */
export interface BlobDriver {
  put(bucket: string, key: string, chunks: AsyncIterable<Uint8Array>, options: PutOptions): Promise<ObjectInfo>;
  /** undefined: there is none. INVALID_INPUT where the range begins behind its end. */
  get(bucket: string, key: string, range: Range | undefined): Promise<FoundObject | undefined>;
  head(bucket: string, key: string): Promise<ObjectInfo | undefined>;
  list(bucket: string, page: ListPage): Promise<readonly Listed[]>;
  /** Whether it was there. */
  delete(bucket: string, key: string, condition: Pick<Condition, "ifMatch">): Promise<boolean>;
  contents(): Promise<readonly BucketContents[]>;
  /** A URL at which the server itself lets do this for a while, where it can be asked by others than this app. */
  url?(grant: Omit<UrlGrant, "expiresAt" | "maxBytes">, ttlMs: number): Promise<string>;
  close(): Promise<void>;
}
