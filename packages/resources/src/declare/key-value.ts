import type { Schema } from "@hadron/core";
import { defineResource, type Resource } from "@hadron/core/spi";
import { findStore } from "../client/find-store.ts";
import { KeyValueStore } from "../key-value/key-value.ts";
import { store } from "../store/service/store-service.ts";
import { KV } from "../verbs/verbs.ts";
import { checkKept, checkMs, checkOptions, KEPT_OPTIONS, type KeptOptions } from "./options.ts";

/** How a key-value store is declared. */
export interface KeyValueOptions<T> extends KeptOptions {
  /** What a value is, checked when it is written and when it is read: any Standard Schema. @default anything */
  readonly value?: Schema<any, T>;
  /** An entry is absent again so long after it was written, in milliseconds. @default never */
  readonly ttlMs?: number;
  /** Makes a value that fits of one that an earlier version stored. @default such a value is FAILED_PRECONDITION */
  readonly upgrade?: (old: unknown) => T;
}

/** Values by key, as a resource. */
export type KeyValue<T> = KeyValueStore<T> & Resource;

/**
 * Declares values by key, shared by all replicas of all services that use it, and kept when they are gone. Each key is
 * linearizable, each write on disk before it is answered. Keys have up to 1,024 bytes, values up to 1 MiB.
 *
 * INVALID_DECLARATION if the name is no DNS name, or an option is out of range.
 *
 * @example
 * const carts = keyValue("carts", { value: Cart, ttlMs: 86_400_000 });
 * export const shop = service("shop", (user: string) => carts.get(user), { uses: [carts] });
 */
export function keyValue<T = any>(name: string, options: KeyValueOptions<T> = {}): KeyValue<T> {
  const of = `keyValue("${name}")`;
  checkOptions(of, options, ["value", "ttlMs", "upgrade", ...KEPT_OPTIONS]);
  const kept = checkKept(of, options);
  const { value: schema, ttlMs, upgrade } = options;
  if (ttlMs !== undefined) checkMs(of, "ttlMs", ttlMs);
  const made: KeyValueStore<T> = new KeyValueStore<T>({ name, check: { schema, upgrade }, ttlMs }, () =>
    findStore(made),
  );
  return defineResource(made, {
    kind: "keyValue",
    name,
    keeper: store,
    verbs: [KV],
    options: { ...(ttlMs === undefined ? {} : { ttlMs }), ...kept },
  });
}
