import type { Effects, WorkKey } from "@hadron/core/spi";
import type { StoreClient } from "../client/store-client.ts";
import type { Message } from "../store/contract/operations.ts";

/** What cannot come again is forgotten so often, or when there is so much of it. */
const FORGET_MS = 1000;
const FORGET_MOST = 500;
/** Asked about at once: each answer may have a message in it. */
const PAGE = 50;

export interface OnceOnlyOptions<X> {
  readonly queue: string;
  readonly effects: Effects<X>;
  readonly client: StoreClient;
}

/** Has the effects of a queue's messages once, however often one comes, and keeps no longer than needed which had theirs. */
export class OnceOnly<X> {
  readonly #options: OnceOnlyOptions<X>;
  #over: WorkKey[] = [];
  #stopTimer: (() => void) | undefined;

  constructor(options: OnceOnlyOptions<X>) {
    this.#options = options;
  }

  /** Does the work of a message in a transaction; nothing where it was done before. */
  do(message: Message, mostMs: number, work: (tx: X) => Promise<unknown>): Promise<void> {
    return this.#options.effects.once(this.#keyOf(message), mostMs, work);
  }

  /** The store has the message no more. */
  finished(message: Message): void {
    this.#over.push(this.#keyOf(message));
    if (this.#over.length >= FORGET_MOST) void this.flush();
    else this.#stopTimer ??= this.#options.client.time.after(FORGET_MS, () => this.flush());
  }

  /** Never rejects: what cannot be forgotten now is found by {@link sweep}. */
  async flush(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const over = this.#over;
    this.#over = [];
    if (over.length > 0) await this.#options.effects.forget(over).catch(() => {});
  }

  /**
   * Forgets what consumers that died could not: messages that the store has no more, whatever state they would be in. Those that it
   * has may come again, however long that takes.
   */
  async sweep(): Promise<void> {
    const { effects, queue } = this.#options;
    let after = -1;
    for (;;) {
      const known = await effects.known(queue, { after, most: PAGE });
      const isThere = await Promise.all(known.map((key) => this.#isThere(key)));
      const over = known.filter((_, index) => isThere[index] === false);
      if (over.length > 0) await effects.forget(over);
      if (known.length < PAGE) return;
      after = known.at(-1)?.number ?? after;
    }
  }

  async #isThere({ number, source: queue }: WorkKey): Promise<boolean> {
    const { client } = this.#options;
    const at = { queue, after: number - 1, most: 1 } as const;
    // Twice: between two looks at its states one may pass from one to the other.
    for (let look = 0; look < 2; look++) {
      const [live, dead] = await Promise.all([
        client.read({ kind: "messages", ...at }),
        client.read({ kind: "dead", ...at }),
      ]);
      if ([...live, ...dead].some(({ message }) => message === number)) return true;
    }
    return false;
  }

  #keyOf({ message, sentAt }: Message): WorkKey {
    return { number: message, at: sentAt, source: this.#options.queue };
  }
}
