import type { Batch, StoreDriver } from "../contract/driver.ts";
import type { Acquire, Answers, Claim, Message, Operation, Outcome, Query, Results } from "../contract/operations.ts";
import type { ClaimRuns } from "../contract/run-operations.ts";
import type { TimeSource } from "../contract/store-clock.ts";
import { Committer, type Waiting } from "./committer.ts";
import { ExpiryWatch } from "./expiry-watch.ts";
import { Feed } from "./feed.ts";
import { LeaseWatch } from "./lease-watch.ts";
import { type ClaimedRuns, type FollowedRun, type FollowRun, RunWaits } from "./run-waits.ts";
import { Waiters } from "./waiters.ts";
import { WaitingClaims } from "./waiting-claims.ts";

/** How often what is over is forgotten. */
const SWEEP_MS = 60_000;
/** A dead letter is kept for 14 days. */
const DEAD_LETTER_MS = 14 * 24 * 3_600_000;

/** The serving side of a store: commits what clients send, and lets them wait for what is not there yet. */
export class StoreServer implements AsyncDisposable {
  /** Where it keeps all. */
  readonly driver: StoreDriver;
  readonly #time: TimeSource;
  readonly #committer: Committer;
  readonly #messages: Waiters;
  readonly #claims = new WaitingClaims();
  readonly #locks: Waiters;
  readonly #leases: LeaseWatch;
  readonly #runs: RunWaits;
  readonly #feed: Feed;
  readonly #expiries: ExpiryWatch;
  /** Its own batches: those of calls that wait. */
  readonly #client: string;
  #number = 0;
  /** Those without an answer yet. */
  readonly #open = new Set<number>();
  /** What ends the waiting of each holder. */
  readonly #claiming = new Map<string, AbortController>();
  /** Nobody is let wait any more. */
  readonly #ending = new AbortController();
  #stopSweep: () => void;
  #isClosed = false;

  /** `client`: a name that no other client has, nor this one had in an earlier life. */
  constructor(driver: StoreDriver, time: TimeSource, client: string) {
    this.driver = driver;
    this.#time = time;
    this.#client = client;
    this.#messages = new Waiters(time);
    this.#locks = new Waiters(time);
    this.#leases = new LeaseWatch(time, (lock) => this.#locks.wake(lock));
    this.#runs = new RunWaits(driver, time, (operation) => this.own(operation));
    this.#feed = new Feed((isWatched) => (isWatched ? this.#expiries.begin() : this.#expiries.end()));
    this.#expiries = new ExpiryWatch(driver, time, (store, key) => this.#feed.changed(store, key));
    this.#committer = new Committer(
      driver,
      time,
      (operation, outcome) => this.#done(operation, outcome),
      (group) => this.#claimAlong(group),
    );
    this.#stopSweep = time.after(SWEEP_MS, () => this.#sweep());
  }

  /** Commits a client's batch. The same batch again is answered alike, and not done twice. */
  commit(batch: Batch): Promise<readonly Outcome[]> {
    return this.#committer.commit(batch);
  }

  /** Answers queries, all at one point in time. */
  read(queries: readonly Query[]): Promise<readonly Answers[Query["kind"]][]> {
    return Promise.all(queries.map((query) => this.driver.read(query)));
  }

  /**
   * Claims messages; waits for the first where there is none. Empty after so long, or when the holder asks for no more.
   * Where the caller goes away meanwhile, what was claimed is given back.
   */
  async claim(claim: Claim, waitMs: number, signal: AbortSignal): Promise<readonly Message[]> {
    const until = this.#time.now() + waitMs;
    const ending = new AbortController();
    const over = AbortSignal.any([signal, ending.signal, this.#ending.signal]);
    this.#claiming.set(claim.holder, ending);
    try {
      return await this.#claim(claim, until, signal, over);
    } finally {
      if (this.#claiming.get(claim.holder) === ending) this.#claiming.delete(claim.holder);
    }
  }

  /** A holder waits for no more messages: its claim, if there is one, is answered at once. */
  endClaim(holder: string): void {
    this.#claiming.get(holder)?.abort();
  }

  async #claim(claim: Claim, until: number, signal: AbortSignal, over: AbortSignal): Promise<readonly Message[]> {
    let { messages } = (await this.own(claim)) as Results["claim"];
    for (;;) {
      if (signal.aborted) {
        await this.#giveBack(claim.queue, messages);
        return [];
      }
      // Others may wait for the rest.
      if (messages.length === claim.most) this.#messages.wake(claim.queue);
      if (messages.length > 0 || over.aborted || until <= this.#time.now()) return messages;
      messages = await this.#nextOf(claim, until, over);
    }
  }

  /** Waits for messages. Empty where it was over, and perhaps where another had them first. */
  async #nextOf(claim: Claim, until: number, over: AbortSignal): Promise<readonly Message[]> {
    const waiting = this.#claims.wait(claim);
    const ending = new AbortController();
    await Promise.race([waiting.brought, this.#untilDue(claim.queue, until, AbortSignal.any([over, ending.signal]))]);
    ending.abort();
    const messages = await waiting.leave();
    if (messages.length > 0 || over.aborted) return messages;
    return ((await this.own(claim)) as Results["claim"]).messages;
  }

  /** Resolves when there may be a message to claim. */
  async #untilDue(queue: string, until: number, over: AbortSignal): Promise<void> {
    const { pollMs = Number.POSITIVE_INFINITY } = this.driver;
    for (let isFirst = true; !over.aborted; isFirst = false) {
      const leftMs = until - this.#time.now();
      const { nextInMs = leftMs } = await this.driver.read({ kind: "queue", queue });
      // Looked at again, rather than claimed: that would be a commit.
      if (leftMs <= 0 || (!isFirst && nextInMs <= 0)) return;
      await this.#messages.wait(queue, Math.min(leftMs, Math.max(nextInMs, 1), pollMs), over);
    }
  }

  /** Acquires a lock; waits for it, in turn. Held by another after so long: says by whom. */
  async acquire(acquire: Acquire, waitMs: number, signal: AbortSignal): Promise<Results["acquire"]> {
    const until = this.#time.now() + waitMs;
    for (;;) {
      // What is released in the commit that answers, behind this, finds nobody waiting yet.
      using asking = this.#locks.ask([acquire.lock]);
      const result = (await this.own(acquire)) as Results["acquire"];
      if ("token" in result) {
        if (signal.aborted) await this.own({ kind: "release", lock: acquire.lock, token: result.token });
        return result;
      }
      const leftMs = until - this.#time.now();
      if (leftMs <= 0 || signal.aborted || this.#ending.signal.aborted) return result;
      if (asking.isMissed) continue;
      const over = AbortSignal.any([signal, this.#ending.signal]);
      this.#leases.watch(acquire.lock, result.forMs);
      await this.#locks.wait(acquire.lock, Math.min(leftMs, this.driver.pollMs ?? leftMs), over);
    }
  }

  /** Claims runs of a durable program, and takes messages for those that the holder has; waits for the first. */
  claimRuns(claim: ClaimRuns, waitMs: number, signal: AbortSignal): Promise<ClaimedRuns> {
    return this.#runs.claim(claim, waitMs, signal, AbortSignal.any([signal, this.#ending.signal]));
  }

  /** What has become of a run; waits for it. undefined: there is none. */
  followRun(follow: FollowRun, waitMs: number, signal: AbortSignal): Promise<FollowedRun | undefined> {
    return this.#runs.follow(follow, waitMs, AbortSignal.any([signal, this.#ending.signal]));
  }

  /** Answers all that wait with what there is: they ask again where they are served. */
  endWaits(): void {
    this.#ending.abort();
  }

  /** The keys below a prefix that are written or deleted, or whose time is over, from now on, each at most once a look. */
  watch(store: string, prefix: string): AsyncIterableIterator<readonly string[]> {
    return this.#feed.watch(store, prefix);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#stopSweep();
    this.#leases[Symbol.dispose]();
    this.#runs[Symbol.dispose]();
    this.#feed.close();
    this.#expiries[Symbol.dispose]();
    await this.driver.close();
  }

  /** Does one operation of the server's own. undefined where it is refused. */
  async own(operation: Operation): Promise<unknown> {
    const [outcome] = await this.together([operation]);
    return outcome !== undefined && "ok" in outcome ? outcome.ok : undefined;
  }

  /** Does operations of the server's own in one commit. */
  together(operations: readonly Operation[]): Promise<readonly Outcome[]> {
    return this.#numbered(operations, (batch) => this.#committer.commit(batch));
  }

  async #numbered(
    operations: readonly Operation[],
    commit: (batch: Batch) => Promise<readonly Outcome[]>,
  ): Promise<readonly Outcome[]> {
    const number = ++this.#number;
    this.#open.add(number);
    // In the order of their numbers.
    const [settled = number] = this.#open;
    try {
      return await commit({
        client: this.#client,
        number,
        settled,
        isOnce: true,
        operations,
      });
    } finally {
      this.#open.delete(number);
    }
  }

  /** The claims of those who wait for what these batches send. */
  #claimAlong(group: readonly Waiting[]): readonly Waiting[] {
    if (this.#claims.isEmpty) return [];
    const along: Waiting[] = [];
    const operations = group.flatMap(({ batch }) => batch.operations);
    this.#claims.claimAlong(operations, async (claim) => {
      const [outcome] = await this.#numbered([claim], (batch) => {
        const { promise, resolve, reject } = Promise.withResolvers<readonly Outcome[]>();
        along.push({ batch, resolve, reject });
        return promise;
      });
      return outcome !== undefined && "ok" in outcome ? (outcome.ok as Results["claim"]).messages : [];
    });
    return along;
  }

  async #giveBack(queue: string, messages: readonly Message[]): Promise<void> {
    await Promise.all(messages.map(({ message, attempt }) => this.own({ kind: "give-back", queue, message, attempt })));
  }

  #done(operation: Operation, outcome: Outcome): void {
    if ("refused" in outcome) return;
    this.#runs.done(operation, outcome);
    switch (operation.kind) {
      case "send":
        for (const queue of operation.queues) this.#messages.wake(queue);
        return;
      case "finish":
      case "fail":
      case "give-back":
      case "dead-letters":
        // The next of its key may be free now.
        this.#messages.wake(operation.queue);
        return;
      case "acquire":
        // Others wait for it still, and for the end of this lease by now.
        if (this.#locks.has(operation.lock)) this.#leases.watch(operation.lock, operation.leaseMs);
        return;
      case "renew":
        this.#leases.renewed(operation.lock, operation.leaseMs);
        return;
      case "release":
        this.#locks.wake(operation.lock);
        return;
      case "set":
        for (const { key } of operation.entries) this.#feed.changed(operation.store, key);
        if (operation.ttlMs !== undefined) this.#expiries.ends(operation.ttlMs);
        return;
      case "delete":
        this.#feed.changed(operation.store, operation.key);
    }
  }

  async #sweep(): Promise<void> {
    let more = true;
    while (more) {
      try {
        await this.#expiries.beforeSweep();
        more = ((await this.own({ kind: "sweep", deadLetterMs: DEAD_LETTER_MS })) as Results["sweep"]).more;
      } catch {
        // A disk that is full now is asked again in a minute; whoever writes is told of it.
        more = false;
      }
    }
    if (!this.#isClosed) this.#stopSweep = this.#time.after(SWEEP_MS, () => this.#sweep());
  }
}
