import type { Member, ToReplica } from "@hadron/core/spi";

type Members = Readonly<Record<string, readonly Member[]>>;

export interface BroadcastOptions {
  readonly members: (service: string) => readonly Member[] | undefined;
  /** Who is told of each change. */
  readonly replicas: () => Iterable<{ send(message: ToReplica): void }>;
}

/** While many replicas start, each change of one would be told to all: told together, it is not quadratic. */
const START_PAUSE_MS = 250;

/** Tells replicas, and whoever else wants to know, where the members of each service are: what changed, all at once. */
export class Broadcast {
  readonly #options: BroadcastOptions;
  readonly #listeners = new Set<(services: Members) => void>();
  readonly #dirty = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #starting = 0;

  constructor(options: BroadcastOptions) {
    this.#options = options;
  }

  /** A member of the service changed. */
  changed(service: string): void {
    this.#dirty.add(service);
    if (this.#starting > 0) this.#timer ??= setTimeout(() => this.flush(), START_PAUSE_MS);
    else this.#immediate ??= setImmediate(() => this.flush());
  }

  /** Many changes are to come: tells them less often, until `work` is done. */
  async gather<T>(work: () => Promise<T>): Promise<T> {
    this.#starting++;
    try {
      return await work();
    } finally {
      this.#starting--;
      if (this.#starting === 0) this.flush();
    }
  }

  /** Tells what is not yet told, now. */
  flush(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = this.#immediate = undefined;
    if (this.#dirty.size === 0) return;
    const services: Record<string, readonly Member[]> = {};
    for (const name of this.#dirty) services[name] = this.#options.members(name) ?? [];
    this.#dirty.clear();
    for (const replica of this.#options.replicas()) replica.send({ type: "directory", services });
    for (const listener of this.#listeners) listener(services);
  }

  listen(listener: (services: Members) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#dirty.clear();
    this.#listeners.clear();
  }
}
