import type { StoreClient } from "../client/store-client.ts";
import type { Entry } from "../store/contract/operations.ts";

const PAGE = 100;

/**
 * What is below a prefix now, and what changes or ends (`ttlMs`) from then on. A key that changes while the first list is under way is told
 * twice rather than not at all.
 */
export async function* watchEntries(
  client: Pick<StoreClient, "read" | "link">,
  store: string,
  prefix: string,
): AsyncGenerator<{ readonly key: string; readonly entry: Entry | undefined }, void, undefined> {
  // Begins to listen before it lists: what happens between would be lost.
  const changes = client.link.watch(store, prefix);
  let next = changes.next();
  next.catch(() => {});
  try {
    let after: string | undefined;
    for (;;) {
      const page: readonly Entry[] = await client.read({ kind: "list", store, prefix, after, most: PAGE });
      for (const entry of page) yield { key: entry.key, entry };
      if (page.length < PAGE) break;
      after = page.at(-1)?.key;
    }
    for (;;) {
      const { done, value: keys } = await next;
      if (done === true) return;
      next = changes.next();
      next.catch(() => {});
      const entries = await client.read({ kind: "get", store, keys });
      for (const [index, key] of keys.entries()) yield { key, entry: entries[index] };
    }
  } finally {
    await changes.return?.();
  }
}
