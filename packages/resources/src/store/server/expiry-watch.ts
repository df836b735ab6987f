import type { StoreDriver } from "../contract/driver.ts";
import type { Expiry } from "../contract/operations.ts";
import type { TimeSource } from "../contract/store-clock.ts";

/** What one look tells of at most. */
const MOST = 1000;
/** What ends within so long is told together. */
const TOGETHER_MS = 20;
/** A timer counts no months: it is set again. */
const LONGEST_MS = 3_600_000;
/** After one that failed. */
const AGAIN_MS = 1000;
/** Within it what has ended is forgotten, once that was asked for. */
const SWEEP_MS = 5000;

/** Tells of entries whose time is over, by the store's clock. It looks while somebody watches, and when the next is known to end. */
export class ExpiryWatch implements Disposable {
  readonly #driver: StoreDriver;
  readonly #time: TimeSource;
  readonly #over: (store: string, key: string) => void;
  /** Up to here all was told; undefined: nobody watches. */
  #toldTo: Expiry | undefined;
  #lookAt = Number.POSITIVE_INFINITY;
  #stop = () => {};
  /** One look after the other. */
  #looking: Promise<void> = Promise.resolve();

  constructor(driver: StoreDriver, time: TimeSource, over: (store: string, key: string) => void) {
    this.#driver = driver;
    this.#time = time;
    this.#over = over;
  }

  /** Somebody watches now. What has ended before is not told. */
  begin(): void {
    if (this.#toldTo !== undefined) return;
    this.#toldTo = fromStart(this.#driver.now());
    this.#lookIn(0);
  }

  /** Nobody watches any more. */
  end(): void {
    this.#toldTo = undefined;
    this.#cancel();
  }

  /** An entry was written that ends in so long. */
  ends(inMs: number): void {
    if (this.#toldTo !== undefined) this.#lookIn(inMs);
  }

  /** Before what has ended is forgotten: tells of that, and learns what will have ended until that is done, so as to tell of it in time. */
  beforeSweep(): Promise<void> {
    return this.#look(SWEEP_MS);
  }

  [Symbol.dispose](): void {
    this.end();
  }

  /** What will have ended in so long is told when it has, and found again where nobody has forgotten it by then: twice, not never. */
  #look(aheadMs: number): Promise<void> {
    this.#cancel();
    const look = this.#looking.then(() => this.#readAll(aheadMs));
    this.#looking = look.catch(() => {});
    return look;
  }

  async #readAll(aheadMs: number): Promise<void> {
    for (let from = this.#toldTo; from !== undefined; ) {
      const { ended, now, nextInMs } = await this.#driver.read({ kind: "ended", from, aheadMs, most: MOST });
      if (this.#toldTo === undefined) return;
      for (const { at, store, key } of ended) {
        if (at <= now) this.#over(store, key);
        else this.#time.after(at - now, () => this.#over(store, key));
      }
      from = ended.length === MOST ? ended.at(-1) : undefined;
      this.#toldTo = from !== undefined && from.at <= now ? from : fromStart(now + 1);
      if (nextInMs !== undefined) this.#lookIn(nextInMs);
    }
  }

  #lookIn(ms: number): void {
    const at = this.#time.now() + Math.min(Math.max(ms, TOGETHER_MS), LONGEST_MS);
    if (at >= this.#lookAt) return;
    this.#cancel();
    this.#lookAt = at;
    // A store that is away is asked again.
    this.#stop = this.#time.after(at - this.#time.now(), () => {
      this.#look(0).catch(() => this.ends(AGAIN_MS));
    });
  }

  #cancel(): void {
    this.#lookAt = Number.POSITIVE_INFINITY;
    this.#stop();
    this.#stop = () => {};
  }
}

/** Before all that ends at that time. */
function fromStart(at: number): Expiry {
  return { at, store: "", key: "" };
}
