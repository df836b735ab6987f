import type { Operation, Query } from "../contract/operations.ts";

/** What some operations may have changed, as far as it makes a difference to who reads. */
export class Touched {
  readonly #keys = new Map<string, Set<string>>();
  /** Whole stores, or many. */
  #allEntries = false;
  #others = false;

  add(operation: Operation): void {
    switch (operation.kind) {
      case "set":
        for (const { key } of operation.entries) this.#keysOf(operation.store).add(key);
        return;
      case "delete":
        this.#keysOf(operation.store).add(operation.key);
        return;
      case "drop":
      case "move":
        this.#allEntries = true;
        this.#others = true;
        return;
      // Who holds a lock needs no disk; what a sweep removes was over.
      case "acquire":
      case "renew":
      case "release":
      case "sweep":
        return;
      default:
        this.#others = true;
    }
  }

  isSeenBy(query: Query): boolean {
    switch (query.kind) {
      case "time":
      case "lock":
        return false;
      case "get": {
        const keys = this.#keys.get(query.store);
        return this.#allEntries || (keys !== undefined && query.keys.some((key) => keys.has(key)));
      }
      case "list":
        return this.#allEntries || this.#keys.has(query.store);
      case "ended":
        return this.#allEntries || this.#keys.size > 0;
      case "contents":
        return this.#allEntries || this.#others || this.#keys.size > 0;
      default:
        return this.#others;
    }
  }

  #keysOf(store: string): Set<string> {
    let keys = this.#keys.get(store);
    if (keys === undefined) {
      keys = new Set();
      this.#keys.set(store, keys);
    }
    return keys;
  }
}
