import { isHadronError } from "@hadron/core";
import type { LogEvent } from "../log/events.ts";

interface Waiting {
  readonly key: string | undefined;
  resolve(isKept: boolean): void;
  reject(error: unknown): void;
}

/** Messages that came to the process that owns their run, until they are kept with what the program asks for because of them. */
export class DirectMessages {
  readonly #waiting = new Map<LogEvent, Waiting>();
  /** Keys of those that are not known to be kept. */
  readonly #keys = new Map<string, Promise<boolean>>();
  /** One was refused: another message was before it, or the same. */
  wasRefused = false;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Gives a message to the run. Whether it is kept: if not, it has to be put into the inbox. */
  async tell(receive: () => LogEvent, key: string | undefined): Promise<boolean> {
    const same = key === undefined ? undefined : this.#keys.get(key);
    // Who asks the store then is told that it was there before.
    if (same !== undefined) return (await same) && false;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#waiting.set(receive(), { key, resolve, reject });
    if (key === undefined) return promise;
    this.#keys.set(key, promise);
    try {
      return await promise;
    } finally {
      this.#keys.delete(key);
    }
  }

  /** Those of these events, which are appended now; undefined: there are none. */
  take(events: readonly LogEvent[]): Appending | undefined {
    if (this.isEmpty) return undefined;
    const taken: Waiting[] = [];
    for (const event of events) {
      const waiting = this.#waiting.get(event);
      if (waiting === undefined) continue;
      this.#waiting.delete(event);
      taken.push(waiting);
    }
    if (taken.length === 0) return undefined;
    return {
      direct: taken.map(({ key }) => ({ key })),
      kept: () => {
        for (const { resolve } of taken) resolve(true);
      },
      failed: (error) => {
        // Where it was refused it is not kept; else nobody knows.
        const isRefused = isHadronError(error) && error.code === "ABORTED";
        if (isRefused) this.wasRefused = true;
        for (const { resolve, reject } of taken) isRefused ? resolve(false) : reject(error);
      },
    };
  }

  /** Those that were not appended go through the inbox. */
  forget(): void {
    for (const { resolve } of this.#waiting.values()) resolve(false);
    this.#waiting.clear();
  }
}

/** Direct messages on their way to the log. */
interface Appending {
  readonly direct: readonly { readonly key: string | undefined }[];
  kept(): void;
  failed(error: unknown): void;
}
