import { HadronError } from "@hadron/core";
import type { Secret } from "@hadron/core/spi";
import { digest, isSecret, type Keeps, type Known, readPairs, sameText, usesOf } from "./kept.ts";
import { type Auth, toAuth, toldKey } from "./scheme.ts";

export interface ApiKeyOptions {
  /**
   * The keys: a secret of `name:key` pairs, parted by spaces; or a key-value in which `hashKey(key)` has whose it is. A key may
   * also stand in the secret as `name:sha256:HASH`.
   */
  readonly keys: Secret | Keeps<Known>;
  /** Where they are sent. Calls of JSON-RPC have `x-api-key` alone. @default "x-api-key" */
  readonly header?: string;
}

/**
 * A key in a header of its own.
 *
 * @example
 * const keys = keyValue<{ id: string }>("api-keys");
 * before: [auth.apiKey({ keys })]
 */
export function apiKey({ keys, header = "x-api-key" }: ApiKeyOptions): Auth {
  const name = header.toLowerCase();
  const find = async (key: string): Promise<Known | undefined> => {
    const hash = digest(key);
    // The hash of what came says nothing of how near it is to any that is kept.
    if (!isSecret(keys)) return keys.get(hash);
    // All are compared, so that the time tells nothing of which it was.
    const found = readPairs(keys).filter(([, kept]) =>
      sameText(kept.startsWith("sha256:") ? kept.slice(7) : digest(kept), hash),
    );
    return found[0] === undefined ? undefined : { id: found[0][0] };
  };
  return toAuth(
    {
      challenge: undefined,
      uses: usesOf(keys),
      told: [toldKey("apiKey", "header", name)],
      async check({ headers }) {
        const key = headers[name];
        if (key === undefined) return undefined;
        const known = await find(key);
        if (known === undefined) throw new HadronError("UNAUTHENTICATED", "The key is nobody's.");
        return { user: { ...known, by: "apiKey" } };
      },
    },
    {},
  );
}

/** Under what a key is kept: never the key itself. */
export function hashKey(key: string): string {
  return digest(key);
}
