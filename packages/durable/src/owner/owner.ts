import { type Clock, isHadronError, type Log } from "@hadron/core";
import type { ClaimedRun, RunMessage, StoreClient } from "@hadron/resources/store";
import type { ExecutionOptions } from "../engine/life.ts";
import type { Limits } from "./limits.ts";
import { Session } from "./session.ts";

/** How long an owner that is not heard of keeps its runs. */
const LEASE_MS = 4000;
/** So long one question for work waits in the store: it is woken when there is some. */
const WAIT_MS = 3_600_000;
/** Runs that are taken together. */
const MOST = 100;
/** After the store could not be asked. */
const PAUSE_MS = 200;

export interface OwnerOptions {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly program: string;
  readonly limits: Limits;
  readonly engine: Pick<ExecutionOptions, "program" | "doorUrl" | "nextTurn" | "outside">;
  /** A step at work is waited for so long at its end, in milliseconds. */
  readonly graceMs: number;
  /** Aborts when no more runs are to be taken, and those that there are handed over. */
  readonly signal: AbortSignal;
}

/** Works on runs of one program in this process: takes them, keeps its lease while it has any, hands them over at its end. */
export class Owner {
  readonly #options: OwnerOptions;
  readonly #sessions = new Map<number, Session>();
  /** Another one whenever its lease was lost: what was its is nobody's then. */
  #holder: string;
  #keptAt: number;
  #stopKeeping: (() => void) | undefined;
  /** The last message that was given. */
  #after = 0;
  /** An answer may have been lost, or a run was dropped that this holder still has. */
  #mayMiss = false;
  /** This holder has not been answered yet. */
  #isNew = true;
  /** Ends the question that is asked now. */
  #asking = new AbortController();

  constructor(options: OwnerOptions) {
    this.#options = options;
    this.#holder = this.#newHolder();
    this.#keptAt = options.clock.now();
  }

  /** Works until the signal aborts, and hands over what it has. Never rejects. */
  async work(): Promise<void> {
    const { signal, log, graceMs } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#claim();
      } catch (error) {
        if (signal.aborted) break;
        this.#mayMiss = true;
        if (!isHadronError(error)) log.error(`Durable runs could not be taken: ${String(error)}`);
        await this.#pause();
      }
    }
    // The lease is kept meanwhile: until then nobody else has them.
    await Promise.all([...this.#sessions.values()].map((session) => session.release(graceMs)));
    this.#stopKeeping?.();
  }

  /** This process is dead to all others: nothing of it goes on. */
  kill(): void {
    this.#stopKeeping?.();
    for (const session of this.#sessions.values()) session.drop();
  }

  async #claim(): Promise<void> {
    const { store, program, limits, clock, signal: stopping } = this.#options;
    const { slots, rate, keepMs } = limits;
    this.#asking = new AbortController();
    const signal = AbortSignal.any([stopping, this.#asking.signal]);
    const known = this.#mayMiss ? [...this.#sessions.keys()] : undefined;
    const holder = this.#holder;
    const { runs, messages } = await store.link.claimRuns(
      {
        ...{ kind: "claim-runs", program, holder, most: MOST, leaseMs: LEASE_MS },
        ...{ after: this.#after, known, limit: slots?.limit, rate, first: this.#isNew ? { keepMs } : undefined },
      },
      this.#sessions.size === 0 && !this.#mayMiss ? WAIT_MS : Math.min(WAIT_MS, LEASE_MS * 5),
      signal,
    );
    if (known !== undefined) this.#mayMiss = false;
    if (holder !== this.#holder) return;
    this.#isNew = false;
    // It asked long ago, and was given them at some time since. Where that was too long, an append will tell.
    if (runs.length > 0) this.#keptAt = clock.now();
    for (const run of runs) this.#begin(run);
    this.#deliver(messages);
  }

  #begin(claimed: ClaimedRun): void {
    const { store, clock, program, engine, log, limits } = this.#options;
    const keepsPlace = limits.slots?.keepsPlace ?? false;
    this.#sessions.get(claimed.run)?.drop();
    const session = new Session({ store, clock, program, claimed, engine, keepsPlace });
    this.#sessions.set(claimed.run, session);
    this.#seen(claimed.messages);
    session.receive(claimed.messages);
    void session.start();
    void session.over.then((stop) => {
      if (this.#sessions.get(claimed.run) === session) this.#sessions.delete(claimed.run);
      if (stop?.state === "dropped") this.#askAgain();
      if (stop?.state === "paused") log.warn(`Run "${claimed.id}" of ${program} is paused: ${stop.because.message}`);
    });
    this.#keep();
  }

  /** A run was dropped, because nobody knew what became of an append: where it is still this holder's, it goes on here. */
  #askAgain(): void {
    this.#mayMiss = true;
    this.#asking.abort();
  }

  #deliver(messages: readonly RunMessage[]): void {
    this.#seen(messages);
    for (const message of messages) this.#sessions.get(message.run)?.receive([message]);
  }

  #seen(messages: readonly RunMessage[]): void {
    for (const { number } of messages) this.#after = Math.max(this.#after, number);
  }

  /** Renews the lease while there is anything to keep. */
  #keep(): void {
    if (this.#stopKeeping !== undefined) return;
    const { clock } = this.#options;
    const timer = clock.after(LEASE_MS / 3, () => {
      this.#stopKeeping = undefined;
      if (this.#sessions.size > 0) void this.#renew();
    });
    timer.unref();
    this.#stopKeeping = () => clock.cancel(timer);
  }

  async #renew(): Promise<void> {
    const { store, clock } = this.#options;
    const askedAt = clock.now();
    // It was stopped for so long that others have its runs.
    if (askedAt - this.#keptAt > LEASE_MS) return this.#startAnew();
    const holder = this.#holder;
    this.#keep();
    try {
      await store.do({ kind: "keep-runs", holder, leaseMs: LEASE_MS });
      this.#keptAt = Math.max(this.#keptAt, askedAt);
    } catch {
      // Asked again in a third of the lease, and given up when it is over.
    }
  }

  #startAnew(): void {
    for (const session of this.#sessions.values()) session.drop();
    this.#sessions.clear();
    this.#holder = this.#newHolder();
    this.#after = 0;
    this.#keptAt = this.#options.clock.now();
  }

  #newHolder(): string {
    return `${this.#options.store.name}/${this.#options.clock.uuid()}`;
  }

  #pause(): Promise<void> {
    const { clock, signal } = this.#options;
    return new Promise((resolve) => {
      const over = () => {
        clock.cancel(timer);
        signal.removeEventListener("abort", over);
        resolve();
      };
      const timer = clock.after(PAUSE_MS, over);
      signal.addEventListener("abort", over, { once: true });
    });
  }
}
