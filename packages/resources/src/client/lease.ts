import { isHadronError } from "@hadron/core/spi";
import type { TimeSource } from "../store/contract/store-clock.ts";

/** A lease is renewed when a third of it is over, and given up when two thirds are. */
const RENEW_SHARE = 1 / 3;
const GIVE_UP_SHARE = 2 / 3;

export interface LeaseOptions {
  readonly time: TimeSource;
  readonly leaseMs: number;
  /** When the thing was asked for. @default now */
  readonly askedAt?: number;
  /** Asks the store for a whole lease more. ABORTED: it is over, and somebody else may have the thing. */
  renew(): Promise<unknown>;
  /** The thing may be somebody else's soon. Called once at most. */
  lost(): void;
}

/**
 * Something that is on loan, renewed for as long as it is needed. Whoever has it counts from *before* it asked, on a clock of
 * its own that nothing moves: so it knows of the end before the store gives the thing away, whatever either clock says.
 */
export class Lease implements Disposable {
  readonly #options: LeaseOptions;
  #askedAt: number;
  #stopRenewing: () => void = () => {};
  #stopWaiting: () => void = () => {};
  #isOver = false;

  /** Make it before asking for the thing. */
  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#askedAt = options.askedAt ?? options.time.now();
  }

  /** The thing is here: goes on renewing. ABORTED where its lease is over by now. */
  async keep(): Promise<void> {
    // It was asked for long ago, and given some time since: nobody here knows when.
    if (this.#options.time.now() - this.#askedAt > this.#options.leaseMs * RENEW_SHARE) await this.#renew();
    this.#goOn();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#stopRenewing();
    this.#stopWaiting();
  }

  async #renew(): Promise<void> {
    const askedAt = this.#options.time.now();
    await this.#options.renew();
    this.#askedAt = askedAt;
  }

  #goOn(): void {
    if (this.#isOver) return;
    const { time, leaseMs } = this.#options;
    this.#stopWaiting();
    const leftMs = this.#askedAt + leaseMs * GIVE_UP_SHARE - time.now();
    this.#stopWaiting = time.after(Math.max(0, leftMs), () => this.#giveUp());
    this.#stopRenewing = time.after(leaseMs * RENEW_SHARE, () =>
      this.#renew().then(
        () => this.#goOn(),
        (error: unknown) => {
          if (isHadronError(error) && error.code === "ABORTED") this.#giveUp();
          // The store is away: asked again, until the time is over.
          else this.#goOn();
        },
      ),
    );
  }

  #giveUp(): void {
    if (this.#isOver) return;
    this[Symbol.dispose]();
    this.#options.lost();
  }
}
