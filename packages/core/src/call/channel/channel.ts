import type { Clock } from "../../clock/clock.ts";
import { HadronError } from "../../errors.ts";
import type { Metric } from "../../metric.ts";
import type { Observable } from "../../observe/observer.ts";
import type { Scope } from "../../scope/scope.ts";
import { sleep, unlessOver } from "../../scope/wait.ts";
import { broken, notTaken, silent, tooMany } from "../../transport/call-errors.ts";
import { isStream } from "../../transport/pump.ts";
import type { Connection } from "../../transport/transport.ts";
import type { Member } from "../directory/directory.ts";
import { Budget } from "./budget.ts";
import { Candidate, type CandidateOptions } from "./candidate.ts";
import { describeChannel } from "./channel-metrics.ts";
import { Hedge } from "./hedge.ts";
import { ObservedTry } from "./observed-try.ts";
import type { Outliers } from "./outliers.ts";
import { Roster, type Target } from "./roster.ts";
import { TriedCall, toIdentity } from "./tried-call.ts";
import { WaitingRoom } from "./waiting-room.ts";

export interface ChannelOptions extends CandidateOptions {
  /** Procedures that may be tried again although they were sent. */
  readonly idempotent: ReadonlySet<string>;
  /** Where an observer of what leaves may stand. */
  readonly observable: Observable;
}

/** How a call is tried. */
export interface Trying {
  /** The call's id. @default the first connection's */
  readonly id?: string | undefined;
  /** When a second replica is asked as well: see {@link Hedge}. @default never */
  readonly hedge?: true | { readonly afterMs: number } | undefined;
}

const NO_OPTIONS: Trying = {};

/** Calls that wait for a replica at most; one more is OVERLOADED. */
const MOST_WAITING = 10_000;
/** Calls under way to one replica at most; one more is OVERLOADED. */
const MOST_IN_FLIGHT = 100_000;
/** A waiting call looks again after so long, whatever happens: a replica becomes usable again by time alone. */
const LOOK_AGAIN_MS = 250;

/** Tries of a call that was sent, the first included. */
const MOST_TRIES = 3;
const RETRY_SHARE = 0.1;
/** As many as may be under way at a replica that dies. */
const RETRIES_SAVED = 100;
/** The wait before the first retry: half of it, and as much again at random. Doubles. */
const RETRY_MS = 20;

/**
 * The way from here to one service: knows its replicas, keeps a connection to each that is used, picks, and tries again.
 *
 * I2: a call is repeated only where nothing of it was sent, or its procedure is declared idempotent.
 */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #roster: Roster;
  readonly #clock: Clock;
  readonly #room: WaitingRoom;
  readonly #retryBudget = new Budget(RETRY_SHARE, RETRIES_SAVED);
  readonly #hedges = new Map<string, Hedge>();
  readonly #unwatch: () => void;
  #calls = 0;
  #resent = 0;
  #retries = 0;
  #closed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#room = new WaitingRoom(MOST_WAITING, options.clock);
    this.#roster = new Roster(options, () => this.#room.wake());
    this.#unwatch = options.directory.watch(options.service, () => {
      this.#roster.changed();
      this.#room.wake();
    });
  }

  /** The members of one set of the service, by their place in it. */
  members(groups: number, group: number): readonly Member[] {
    return this.#roster.members(groups, group);
  }

  /** Calls the less loaded of two replicas at random, among those that are ready. Waits for one within the deadline. */
  callAny(
    procedure: string,
    input: unknown,
    scope: Scope,
    { id, hedge }: Trying = NO_OPTIONS,
    groups = 1,
    group = 0,
  ): Promise<unknown> {
    const target = this.#roster.any(groups, group);
    this.#calls++;
    // A stream can be sent once.
    if (hedge === undefined || !this.#options.idempotent.has(procedure) || isStream(input)) {
      return this.#attempt(target, new TriedCall(procedure, input, scope, toIdentity(id)));
    }
    return this.#hedged(target, procedure, input, scope, hedge === true ? undefined : hedge.afterMs, id);
  }

  /** Calls one shard. Waits within the deadline for one that is away. */
  callShard(
    ordinal: number,
    procedure: string,
    input: unknown,
    scope: Scope,
    { id }: Trying = NO_OPTIONS,
  ): Promise<unknown> {
    this.#calls++;
    return this.#attempt(this.#roster.shard(ordinal), new TriedCall(procedure, input, scope, toIdentity(id)));
  }

  /** After how long a second replica is asked, as measured so far. */
  hedgeAfterMs(procedure: string): number | undefined {
    return this.#hedges.get(procedure)?.afterMs;
  }

  close(): void {
    this.#closed = true;
    this.#unwatch();
    this.#roster.close();
    this.#room.wake();
  }

  metrics(): Iterable<Metric> {
    return describeChannel({
      service: this.#options.service,
      calls: this.#calls,
      retries: this.#retries,
      resent: this.#resent,
      retryBudget: this.#retryBudget.tokens,
      mostInFlight: MOST_IN_FLIGHT,
      room: this.#room,
      candidates: [...this.#roster.candidates],
      hedges: [...this.#hedges.values()],
    });
  }

  #hedged(
    target: Target,
    procedure: string,
    input: unknown,
    scope: Scope,
    afterMs: number | undefined,
    id: string | undefined,
  ): Promise<unknown> {
    let hedge = this.#hedges.get(procedure);
    if (hedge === undefined) {
      hedge = new Hedge(this.#clock);
      this.#hedges.set(procedure, hedge);
    }
    let first: TriedCall | undefined;
    return hedge.call(
      scope,
      afterMs,
      (own) => {
        first = new TriedCall(procedure, input, own, toIdentity(id));
        first.hedged = true;
        return this.#attempt(target, first);
      },
      () => {
        const candidate = target.select(first?.candidate);
        if (!(candidate instanceof Candidate) || candidate === first?.candidate) return undefined;
        return (own) => {
          const call = new TriedCall(procedure, input, own, first?.identity);
          // One try: the first goes on, whatever becomes of this.
          call.tries = MOST_TRIES - 1;
          return this.#send(target, candidate, call);
        };
      },
    );
  }

  /** Never throws. */
  #attempt(target: Target, call: TriedCall): Promise<unknown> {
    if (call.scope.error !== undefined) return Promise.reject(this.#notTaken(target, call, call.scope.error));
    if (this.#closed) return Promise.reject(new HadronError("UNAVAILABLE", "The app was closed.", { unsent: true }));
    const candidate = target.select(call.candidate);
    if (candidate instanceof Candidate) return this.#send(target, candidate, call);
    if (candidate !== undefined) return Promise.reject(candidate);
    if (this.#room.full) return Promise.reject(tooMany(target.what, `${this.#room.most} calls wait for it`));
    return this.#room.wait(call.scope, LOOK_AGAIN_MS).then(() => this.#attempt(target, call));
  }

  #send(target: Target, candidate: Candidate, call: TriedCall): Promise<unknown> {
    call.candidate = candidate;
    let answer: Promise<unknown>;
    try {
      const connection = candidate.connection();
      if (connection.inFlight >= MOST_IN_FLIGHT)
        throw tooMany(candidate.member.name, `${connection.inFlight} calls to it are under way`);
      const { observer } = this.#options.observable;
      answer =
        observer === undefined
          ? connection.call(call)
          : this.#observed(new ObservedTry(observer), candidate, connection, call);
    } catch (error) {
      return Promise.reject(error);
    }
    const { outliers } = target;
    if (outliers === undefined) return answer.then(undefined, (error) => this.#failed(target, candidate, call, error));
    if (candidate.ejectedUntil !== 0) candidate.probing = true;
    call.sentAt = this.#clock.now();
    return answer.then(
      (output) => {
        const now = this.#clock.now();
        outliers.answered(candidate, now - call.sentAt, now);
        return output;
      },
      (error) => this.#failed(target, candidate, call, error),
    );
  }

  #observed(observed: ObservedTry, candidate: Candidate, connection: Connection, call: TriedCall): Promise<unknown> {
    call.sizes = observed;
    const before = connection.lastNumber;
    const answer = connection.call(call);
    const { service } = this.#options;
    const { procedure, tries } = call;
    const { name, lastNumber } = connection;
    // What was not taken has no number: the last is another call's.
    const number = lastNumber === before ? undefined : lastNumber;
    const replica = candidate.member.name;
    const told = {
      side: "calling",
      service,
      procedure,
      replica,
      attempt: tries + 1,
      connection: name,
      number,
    } as const;
    return observed.sent(told, answer);
  }

  /** A try has failed: makes the next one, or says why there is none. */
  #failed(target: Target, candidate: Candidate, call: TriedCall, error: unknown): Promise<unknown> {
    if (!(error instanceof HadronError)) {
      // Thrown by what makes the input: it says nothing of the replica, nor is it a probe's answer.
      target.outliers?.ended(candidate);
      return Promise.reject(error);
    }
    const given = error === call.scope.error;
    if (!given) call.error = error;
    const { code } = error;
    const unavailable = code === "UNAVAILABLE";
    if (target.outliers !== undefined) this.#learn(target.outliers, candidate, call, error);
    if (given)
      return Promise.reject(
        candidate.connecting
          ? this.#notTaken(target, call, error)
          : silent(candidate.member.name, call.procedure, error),
      );
    if (error.unsent && (unavailable || code === "OVERLOADED")) return this.#resend(target, candidate, call);
    if (code === "OVERLOADED") candidate.busy(error.retryAfterMs ?? RETRY_MS);
    if (error.retryable && (unavailable || code === "OVERLOADED") && this.#mayRetry(call))
      return this.#retry(target, candidate, call, error);
    if (unavailable && error.path.length === 0) return this.#broken(candidate, call, error);
    return Promise.reject(error);
  }

  /** What a failure says of the replica. */
  #learn(outliers: Outliers, candidate: Candidate, call: TriedCall, error: HadronError): void {
    const { code } = error;
    // What was not sent is no failure of a call; that it cannot be reached is known to the candidate.
    if (error.unsent) outliers.ended(candidate);
    else if (code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED") outliers.failed(candidate);
    else if (error !== call.scope.error) outliers.refused(candidate);
    else if (call.hedged && code === "CANCELLED") {
      // The other won: it would have taken longer still.
      const now = this.#clock.now();
      outliers.answered(candidate, now - call.sentAt, now);
    } else outliers.ended(candidate);
  }

  /** Nothing was sent, and somebody else's time is not ours to use up: the same call at once elsewhere, or later. */
  #resend(target: Target, candidate: Candidate, call: TriedCall): Promise<unknown> {
    const waitMs = candidate.unreachable();
    void candidate.suspect();
    this.#resent++;
    const other = target.select(candidate);
    if (other instanceof Candidate && other !== candidate && call.scope.error === undefined && !this.#closed)
      return this.#send(target, other, call);
    if (this.#room.full) return Promise.reject(tooMany(target.what, `${this.#room.most} calls wait for it`));
    return this.#room.wait(call.scope, waitMs).then(() => this.#attempt(target, call));
  }

  #mayRetry(call: TriedCall): boolean {
    return (
      ++call.tries < MOST_TRIES &&
      call.scope.error === undefined &&
      !this.#closed &&
      this.#options.idempotent.has(call.procedure) &&
      !isStream(call.input) &&
      this.#retryBudget.spend(this.#calls)
    );
  }

  #retry(target: Target, candidate: Candidate, call: TriedCall, error: HadronError): Promise<unknown> {
    this.#retries++;
    if (error.path.length === 0) void candidate.suspect();
    // Half of it at random, so that those who failed together do not come back together.
    const baseMs = error.retryAfterMs ?? RETRY_MS * 2 ** (call.tries - 1);
    const waitMs = baseMs / 2 + this.#clock.random() * baseMs;
    // Waiting in vain: the error is of more use to the caller than its deadline.
    if (waitMs >= call.scope.leftMs) return this.#broken(candidate, call, error);
    return sleep(call.scope, waitMs).then(() => this.#attempt(target, call));
  }

  /** Says why the replica is gone, where that can be known soon. */
  async #broken(candidate: Candidate, call: TriedCall, error: HadronError): Promise<never> {
    if (error.code !== "UNAVAILABLE" || error.path.length > 0) throw error;
    throw broken(candidate.member.name, error, await unlessOver(call.scope, candidate.suspect()));
  }

  /** Nobody has taken the call, and its scope has ended. */
  #notTaken(target: Target, call: TriedCall, error: HadronError): HadronError {
    // It was sent, once or more: what came of that is what the caller wants to know.
    if (call.tries > 0) return call.error ?? error;
    return notTaken(target.what, this.#roster.reasons(), call.error, error);
  }
}
