import type { StoreDriver } from "../contract/driver.ts";
import type { Operation, Outcome } from "../contract/operations.ts";
import type { ClaimRuns, RunEvent, RunFacts, RunResults } from "../contract/run-operations.ts";
import type { TimeSource } from "../contract/store-clock.ts";
import { LeaseWatch } from "./lease-watch.ts";
import { Waiters } from "./waiters.ts";

/** What somebody wants to see of a run. */
export interface FollowRun {
  readonly program: string;
  readonly id: string;
  /** Events from this one on. */
  readonly from: number;
  /** How many at most. */
  readonly most: number;
  /** What is waited for: events, or its end, of which the last event alone is answered. */
  readonly until: "events" | "ended";
}

export interface FollowedRun {
  readonly facts: RunFacts;
  /** The number of the first of its events. */
  readonly from: number;
  readonly events: readonly RunEvent[];
}

/** Lets owners wait for work, and others for what becomes of runs. */
export class RunWaits implements Disposable {
  readonly #driver: StoreDriver;
  readonly #time: TimeSource;
  readonly #waiters: Waiters;
  /** Of owners that have runs: others wait for what they have when they are not heard of any more. */
  readonly #leases: LeaseWatch;
  /** The program of each such owner. */
  readonly #owners = new Map<string, string>();
  readonly #own: (operation: Operation) => Promise<unknown>;

  constructor(driver: StoreDriver, time: TimeSource, own: (operation: Operation) => Promise<unknown>) {
    this.#driver = driver;
    this.#time = time;
    this.#waiters = new Waiters(time);
    this.#leases = new LeaseWatch(time, (owner) => this.#isGone(owner));
    this.#own = own;
  }

  /**
   * Claims runs, and takes messages for those that the holder has; waits for the first where there is none. Where the caller
   * goes away meanwhile, what was claimed is free again.
   */
  async claim(claim: ClaimRuns, waitMs: number, signal: AbortSignal, over: AbortSignal): Promise<ClaimedRuns> {
    const until = this.#time.now() + waitMs;
    let asked = claim;
    for (;;) {
      // What is done in the commit that answers, behind the claim, finds nobody waiting yet.
      using asking = this.#waiters.ask([claims(claim.program), holder(claim.holder)]);
      const { runs, messages, nextInMs } = (await this.#own(asked)) as RunResults["claim-runs"];
      asked = { ...claim, first: undefined };
      if (signal.aborted) {
        await Promise.all(runs.map((run) => this.#free(claim.program, run)));
        return { runs: [], messages: [] };
      }
      if (runs.length === claim.most) this.#waiters.wake(claims(claim.program));
      const leftMs = until - this.#time.now();
      if (runs.length > 0 || messages.length > 0 || leftMs <= 0 || over.aborted) return { runs, messages };
      if (asking.isMissed) continue;
      const ending = new AbortController();
      const either = AbortSignal.any([over, ending.signal]);
      await Promise.race([
        this.#waiters.wait(
          claims(claim.program),
          Math.min(this.#atMost(leftMs), Math.max(nextInMs ?? leftMs, 1)),
          either,
        ),
        this.#waiters.wait(holder(claim.holder), undefined, either),
      ]);
      ending.abort();
    }
  }

  /** What has become of a run: at once where there is something new, else when there is, or after so long. undefined: no such run. */
  async follow(follow: FollowRun, waitMs: number, over: AbortSignal): Promise<FollowedRun | undefined> {
    const { program, id, most, until } = follow;
    const lastAt = this.#time.now() + waitMs;
    for (;;) {
      const facts = await this.#driver.read({ kind: "run", program, id });
      if (facts === undefined) return undefined;
      const { run, first, length, state } = facts;
      const from = Math.max(follow.from, first);
      const leftMs = lastAt - this.#time.now();
      const isThere = state === "ended" || (until === "events" && length > from);
      if (isThere || leftMs <= 0 || over.aborted) {
        const wanted = until === "events" ? { from, most } : { from: length - 1, most: state === "ended" ? 1 : 0 };
        if (wanted.most === 0) return { facts, from, events: [] };
        const events = await this.#driver.read({ kind: "run-events", run, ...wanted });
        // It may have begun anew meanwhile.
        if ((await this.#driver.read({ kind: "run", program, id }))?.first !== first) continue;
        return { facts, from: wanted.from, events };
      }
      await this.#waiters.wait(until === "events" ? `run ${run}` : end(run), this.#atMost(leftMs), over);
    }
  }

  /** So long is waited before somebody looks again. */
  #atMost(leftMs: number): number {
    return Math.min(leftMs, this.#driver.pollMs ?? leftMs);
  }

  /** Something was done: wakes whom it concerns. */
  done(operation: Operation, outcome: Outcome): void {
    if ("refused" in outcome) return;
    if (operation.kind === "claim-runs") {
      const { runs } = outcome.ok as RunResults["claim-runs"];
      const { holder: owner, program, leaseMs } = operation;
      if (runs.length > 0 || this.#owners.has(owner)) this.#owns(owner, program, leaseMs);
    } else if (operation.kind === "keep-runs") {
      this.#leases.renewed(operation.holder, operation.leaseMs);
    } else if (operation.kind === "start-run" && operation.owner !== undefined) {
      const { run, created } = outcome.ok as RunResults["start-run"];
      if (run !== undefined) this.#owns(operation.owner.holder, operation.program, operation.owner.leaseMs);
      else if (created) this.#waiters.wake(claims(operation.program));
    } else if (operation.kind === "start-run" || operation.kind === "resume-run") {
      this.#waiters.wake(claims(operation.program));
    } else if (operation.kind === "append-run") {
      this.#waiters.wakeAll(`run ${operation.run}`);
      if (operation.next.state === "ended") this.#waiters.wakeAll(end(operation.run));
      // It may come due before what they wait for.
      const { state } = operation.next;
      if (state === "resting" || state === "continued") this.#waiters.wake(claims(operation.program));
      const { told, freed, cancelled = [] } = outcome.ok as RunResults["append-run"];
      if (freed === true) this.#waiters.wake(claims(operation.program));
      for (const { program, holder: owner } of told === undefined ? cancelled : [told, ...cancelled])
        this.#waiters.wake(owner === undefined ? claims(program) : holder(owner));
    } else if (operation.kind === "send-run") {
      const { holder: owner } = outcome.ok as RunResults["send-run"];
      this.#waiters.wake(owner === undefined ? claims(operation.program) : holder(owner));
    }
  }

  #owns(owner: string, program: string, leaseMs: number): void {
    this.#owners.set(owner, program);
    this.#leases.watch(owner, leaseMs);
    this.#leases.renewed(owner, leaseMs);
  }

  [Symbol.dispose](): void {
    this.#leases[Symbol.dispose]();
  }

  /** An owner is not heard of any more: what it had, if it had something still, is for the next. */
  #isGone(owner: string): void {
    const program = this.#owners.get(owner);
    this.#owners.delete(owner);
    if (program !== undefined) this.#waiters.wake(claims(program));
  }

  #free(program: string, { run, epoch, length }: RunResults["claim-runs"]["runs"][number]): Promise<unknown> {
    const next = { state: "resting", wakeInMs: 0, keepsPlace: true } as const;
    return this.#own({ kind: "append-run", program, run, epoch, length, events: [], taken: [], next });
  }
}

export type ClaimedRuns = Pick<RunResults["claim-runs"], "runs" | "messages">;

function claims(program: string): string {
  return `claims ${program}`;
}

function end(run: number): string {
  return `end ${run}`;
}

function holder(name: string): string {
  return `holder ${name}`;
}
