/** Tells watchers which keys have changed: not each change, but that there was one, however slowly they listen. */
export class Feed {
  readonly #watchers = new Set<Watcher>();
  readonly #watched: (isWatched: boolean) => void;

  /** `watched`: whether anybody watches, whenever that may have changed. */
  constructor(watched: (isWatched: boolean) => void) {
    this.#watched = watched;
  }

  watch(store: string, prefix: string): AsyncIterableIterator<readonly string[]> {
    const watcher = new Watcher(store, prefix, () => {
      this.#watchers.delete(watcher);
      this.#watched(this.#watchers.size > 0);
    });
    this.#watchers.add(watcher);
    this.#watched(true);
    return watcher;
  }

  changed(store: string, key: string): void {
    for (const watcher of this.#watchers) watcher.changed(store, key);
  }

  close(): void {
    for (const watcher of this.#watchers) void watcher.return();
  }
}

class Watcher implements AsyncIterableIterator<readonly string[]> {
  readonly #store: string;
  readonly #prefix: string;
  readonly #gone: () => void;
  #keys = new Set<string>();
  #isOver = false;
  #waiting: PromiseWithResolvers<IteratorResult<readonly string[]>> | undefined;

  constructor(store: string, prefix: string, gone: () => void) {
    this.#store = store;
    this.#prefix = prefix;
    this.#gone = gone;
  }

  changed(store: string, key: string): void {
    if (store !== this.#store || !key.startsWith(this.#prefix)) return;
    this.#keys.add(key);
    this.#tell();
  }

  next(): Promise<IteratorResult<readonly string[]>> {
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    this.#waiting ??= Promise.withResolvers();
    const { promise } = this.#waiting;
    if (this.#keys.size > 0) this.#tell();
    return promise;
  }

  async return(): Promise<IteratorResult<readonly string[]>> {
    this.#isOver = true;
    this.#gone();
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #tell(): void {
    if (this.#waiting === undefined) return;
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    const keys = [...this.#keys];
    this.#keys = new Set();
    resolve({ done: false, value: keys });
  }
}
