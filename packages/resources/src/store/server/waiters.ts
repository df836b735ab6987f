import type { TimeSource } from "../contract/store-clock.ts";

/** Somebody who asks, and may wait then. */
interface Asking {
  readonly names: readonly string[];
  /** It happened while nobody waited for it. */
  isMissed: boolean;
}

/** Those who wait for something of a name to happen, first come, first served. */
export class Waiters {
  readonly #time: TimeSource;
  readonly #byName = new Map<string, Set<() => void>>();
  readonly #asking = new Set<Asking>();

  constructor(time: TimeSource) {
    this.#time = time;
  }

  /**
   * Resolves when it happens, after so long, or when the signal aborts: never rejects. undefined: no time is set.
   */
  wait(name: string, ms: number | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#byName.get(name) ?? new Set();
      this.#byName.set(name, waiting);
      const over = () => {
        stop?.();
        signal.removeEventListener("abort", over);
        waiting.delete(over);
        if (waiting.size === 0 && this.#byName.get(name) === waiting) this.#byName.delete(name);
        resolve();
      };
      const stop = ms === undefined ? undefined : this.#time.after(Math.min(ms, 2 ** 31 - 1), over);
      waiting.add(over);
      signal.addEventListener("abort", over, { once: true });
    });
  }

  /** For who asks whether something of these names is there, and waits where it is not: says whether it happened meanwhile. */
  ask(names: readonly string[]): Asking & Disposable {
    const asking = { names, isMissed: false, [Symbol.dispose]: () => void this.#asking.delete(asking) };
    this.#asking.add(asking);
    return asking;
  }

  /** It has happened: wakes the first who waits for it. Where nobody does, those who ask just now have missed it. */
  wake(name: string): void {
    const [first] = this.#byName.get(name) ?? [];
    if (first !== undefined) return first();
    for (const asking of this.#asking) if (asking.names.includes(name)) asking.isMissed = true;
  }

  /** It has happened, and concerns all who wait for it. */
  wakeAll(name: string): void {
    for (const over of [...(this.#byName.get(name) ?? [])]) over();
  }

  /** Whether somebody waits for that. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** How many wait. */
  get size(): number {
    let size = 0;
    for (const waiting of this.#byName.values()) size += waiting.size;
    return size;
  }
}
