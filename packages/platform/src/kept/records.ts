/** A name and the module or file that it stands for. */
export interface NameRecord {
  readonly digest: string;
  /** What it stood for before, the latest first. */
  readonly previous: readonly string[];
}

/** Bytes that were registered. They are kept under their digest. */
export interface BlobRecord {
  readonly contentType: string;
  readonly bytes: number;
}

/** What is at a path. */
export interface RouteRecord {
  readonly kind: "function" | "file";
  readonly method: string;
  readonly path: string;
  /** Of a module or file, or `techID://…`. */
  readonly name: string;
  readonly start: string;
  readonly data: string;
  readonly tags: readonly string[];
}

/** A module that sees each request before its route. */
export interface FilterRecord {
  readonly name: string;
  readonly start: string;
  readonly data: string;
}

/** A module that is called by a clock. */
export interface ScheduleRecord extends FilterRecord {
  readonly cron: string;
  readonly timezone: string;
}

/** A token of administration; its key is its digest. */
export interface TokenRecord {
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt?: number;
}

/** What is kept, by the beginning of its key. */
export interface Records {
  readonly "name/": NameRecord;
  readonly "blob/": BlobRecord;
  readonly "route/": RouteRecord;
  readonly "filter/": FilterRecord;
  readonly "schedule/": ScheduleRecord;
  readonly "token/": TokenRecord;
  /** When a schedule was last due and dealt with. */
  readonly "done/": { readonly at: number };
  /** The pair of keys with which backups are signed; what is under way. */
  readonly "own/": unknown;
}

export type Kind = keyof Records;

/** What a backup has of it: not what is the platform's own. */
export const COPIED = ["name/", "blob/", "route/", "filter/", "schedule/"] as const;
