import { HadronError, isHadronError } from "@hadron/core/spi";
import { checkKey } from "../client/keys.ts";
import { Lease } from "../client/lease.ts";
import type { StoreOf } from "../client/store-of.ts";

/** A lock that is held. */
export interface Hold {
  /** Larger than that of every earlier hold. What is written with `fence: token` is refused once this one is over. */
  readonly token: number;
  /** Aborts when the lock may be somebody else's soon: the store could not be reached in time. */
  readonly signal: AbortSignal;
}

/** How long a lock is waited for. */
export interface HoldOptions {
  /** How long to wait for whoever holds it. @default 0 */
  readonly waitMs?: number;
  /** Gives the waiting up, and the work: aborts its signal. @default never */
  readonly signal?: AbortSignal;
}

export interface LockSettings {
  readonly name: string;
  readonly leaseMs: number;
}

/** A lock by name, over all replicas: one holder at a time, by token. */
export class LockHandle {
  readonly #settings: LockSettings;
  readonly #storeOf: StoreOf;

  constructor(settings: LockSettings, storeOf: StoreOf) {
    checkKey(settings.name, "locks");
    this.#settings = settings;
    this.#storeOf = storeOf;
  }

  /**
   * Does some work while holding the lock, and releases it, whatever becomes of the work. ABORTED where another holds it
   * after `waitMs`: it is told which.
   *
   * @example
   * await importing.hold(async ({ token, signal }) => { … }, { waitMs: 5_000 });
   */
  async hold<T>(work: (hold: Hold) => T | Promise<T>, options: HoldOptions = {}): Promise<T> {
    const { name, leaseMs } = this.#settings;
    const { waitMs = 0, signal: given } = options;
    const store = await this.#storeOf();
    const ending = new AbortController();
    const signal = given === undefined ? ending.signal : AbortSignal.any([given, ending.signal]);
    let token = 0;
    const lease = new Lease({
      time: store.time,
      leaseMs,
      renew: () => store.do({ kind: "renew", lock: name, token, leaseMs }),
      lost: () => ending.abort(lost(name)),
    });
    const result = await store.link.acquire(
      { kind: "acquire", lock: name, holder: `${store.name}/${store.nextName()}`, leaseMs },
      waitMs,
      signal,
    );
    if (!("token" in result)) {
      throw new HadronError(
        "ABORTED",
        `The lock "${name}" is held by ${result.heldBy}: wait longer (waitMs), or try later.`,
      );
    }
    token = result.token;
    try {
      await lease.keep();
      return await work({ token, signal });
    } finally {
      lease[Symbol.dispose]();
      await store.do({ kind: "release", lock: name, token }).catch((error: unknown) => {
        // One that is lost has no release; one that cannot be said ends with its lease.
        if (!isHadronError(error)) throw error;
      });
    }
  }

  /** Who holds it now, or undefined. */
  async holder(): Promise<{ readonly holder: string; readonly token: number } | undefined> {
    const store = await this.#storeOf();
    const found = await store.read({ kind: "lock", lock: this.#settings.name });
    return found === undefined ? undefined : { holder: found.holder, token: found.token };
  }
}

function lost(name: string): HadronError {
  return new HadronError(
    "ABORTED",
    `The lock "${name}" is lost: the store could not be reached before its lease ran out.`,
  );
}
