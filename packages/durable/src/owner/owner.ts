import { AsyncLocalStorage } from "node:async_hooks";
import { type Clock, isHadronError, type Log } from "@hadron/core";
import type { ClaimedRun, RunMessage, StartRun, StoreClient } from "@hadron/resources/store";
import type { ExecutionOptions } from "../engine/life.ts";
import type { Outcome, Started } from "../log/events.ts";
import type { Limits } from "./limits.ts";
import { type Beginning, Session } from "./session.ts";

/** How long an owner that is not heard of keeps its runs. */
const LEASE_MS = 4000;
/** So long one question for work waits in the store: it is woken when there is some. */
const WAIT_MS = 3_600_000;
/** Runs that are taken together. */
const MOST = 100;
/** With so many at work no run begins here that another replica could take. */
const ROOM = 1000;
/** So long the messages of a run go through its inbox where one came another way. */
const CROSSED_MS = 60_000;
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
  /** The same, and those of runs that are not known to have begun, by their ids. */
  readonly #byId = new Map<string, Session>();
  /** Runs that are not known to have begun. */
  readonly #beginning = new Set<Session>();
  /** Messages that came for runs that are not known here: those that begin may be among them. */
  #early: RunMessage[] = [];
  /** What comes of a call goes on when that is over: it runs in the owner's own context. */
  readonly #apart = AsyncLocalStorage.snapshot();
  /** Another one whenever its lease was lost: what was its is nobody's then. */
  #holder: string;
  #keptAt: number;
  #stopKeeping: (() => void) | undefined;
  /** The last message that was given. */
  #after = 0;
  /** An answer may have been lost, or a run was dropped that this holder still has. */
  #mayMiss = false;
  /** This holder has not been answered yet. */
  /** Runs whose messages go through the inbox for a while. */
  readonly #crossed = new Set<string>();
  #isNew = true;
  #isKilled = false;
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
    await Promise.allSettled([...this.#beginning].map(({ begun }) => begun));
    // The lease is kept meanwhile: until then nobody else has them.
    await Promise.all([...this.#sessions.values()].map((session) => session.release(graceMs)));
    this.#stopKeeping?.();
  }

  /** This process is dead to all others: nothing of it goes on. */
  kill(): void {
    this.#isKilled = true;
    this.#stopKeeping?.();
    for (const session of [...this.#sessions.values(), ...this.#beginning]) session.drop();
  }

  /**
   * Begins a run that is this owner's from the commit that keeps it, and whose program runs ahead of that. undefined: whoever claims it
   * shall have it.
   */
  begin(start: StartRun, started: Started): Promise<{ readonly created: boolean }> | undefined {
    const { signal, limits, clock } = this.#options;
    const isFull = this.#sessions.size + this.#beginning.size >= ROOM;
    const isLimited = limits.slots !== undefined || limits.rate !== undefined;
    if (signal.aborted || isFull || isLimited || this.#byId.has(start.id)) return undefined;
    const holder = this.#holder;
    const askedAt = clock.now();
    const session: Session = this.#open(start.id, {
      start: { ...start, owner: { holder, leaseMs: LEASE_MS } },
      started,
      kept: (run) => {
        this.#hasBegun(session);
        // It was given out again meanwhile, or is nobody's soon.
        if (this.#isKilled || holder !== this.#holder || this.#sessions.has(run)) return false;
        this.#keptAt = Math.max(this.#keptAt, askedAt);
        this.#sessions.set(run, session);
        const early = this.#early.filter((message) => message.run === run);
        if (early.length > 0) queueMicrotask(() => session.receive(early));
        this.#keep();
        return true;
      },
    });
    this.#beginning.add(session);
    void this.#apart(() => session.start());
    return session.begun;
  }

  /** What the tokens of a run's hooks are made with; undefined: it is not at work here. */
  secretOf(id: string): string | undefined {
    return this.#byId.get(id)?.secret;
  }

  /** Gives a message to a run that is at work here. `false`: it is not, or messages come for it from elsewhere, too. */
  async tell(id: string, hook: string, value: Uint8Array, key: string | undefined): Promise<boolean> {
    const session = this.#byId.get(id);
    if (session === undefined || this.#crossed.has(id)) return false;
    const isKept = await session.tell(hook, value, key);
    // A message was before it, or it came twice: to find that out costs a replay, and so is not tried again soon.
    if (session.isCrossed && !this.#crossed.has(id)) {
      this.#crossed.add(id);
      this.#options.clock.after(CROSSED_MS, () => this.#crossed.delete(id)).unref();
    }
    return isKept;
  }

  /** What becomes of a run that is at work here; undefined: it is not, or ends elsewhere. */
  async outcomeOf(id: string): Promise<Outcome | undefined> {
    const stop = await this.#byId.get(id)?.over;
    return stop?.state === "ended" ? stop.outcome : undefined;
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
    this.#sessions.get(claimed.run)?.drop();
    const session = this.#open(claimed.id, claimed);
    this.#sessions.set(claimed.run, session);
    this.#seen(claimed.messages);
    session.receive(claimed.messages);
    void session.start();
    this.#keep();
  }

  #open(id: string, from: ClaimedRun | Beginning): Session {
    const { store, clock, program, engine, log, limits } = this.#options;
    const keepsPlace = limits.slots?.keepsPlace ?? false;
    const session = new Session({ store, clock, program, id, from, engine, keepsPlace });
    this.#byId.set(id, session);
    void session.over.then((stop) => {
      this.#hasBegun(session);
      if (this.#byId.get(id) === session) this.#byId.delete(id);
      const { run } = session;
      if (run !== undefined && this.#sessions.get(run) === session) this.#sessions.delete(run);
      if (stop?.state === "dropped" && !session.isElsewhere) this.#askAgain();
      if (stop?.state === "paused") log.warn(`Run "${id}" of ${program} is paused: ${stop.because.message}`);
    });
    return session;
  }

  #hasBegun(session: Session): void {
    this.#beginning.delete(session);
    if (this.#beginning.size === 0) this.#early = [];
  }

  /** A run was dropped, because nobody knew what became of an append: where it is still this holder's, it goes on here. */
  #askAgain(): void {
    this.#mayMiss = true;
    this.#asking.abort();
  }

  #deliver(messages: readonly RunMessage[]): void {
    this.#seen(messages);
    for (const message of messages) {
      const session = this.#sessions.get(message.run);
      if (session !== undefined) session.receive([message]);
      else if (this.#beginning.size > 0) this.#early.push(message);
    }
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
