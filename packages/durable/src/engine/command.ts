import { toKey } from "../log/calls.ts";
import type { CommandKind } from "../log/events.ts";

/** What the program asks for. */
export interface CommandSpec {
  readonly kind: CommandKind;
  readonly name: string;
  /** Of a sleep: how long. */
  readonly forMs?: number;
  /** Of a step or a call. */
  readonly work?: Work;
}

/** What is done outside, at least once. */
export interface Work {
  /** How often it is tried. */
  readonly attempts: number;
  /** Of one attempt, in milliseconds. */
  readonly timeoutMs: number;
  /** Before the second attempt, in milliseconds; doubled for each later one. */
  readonly backoffMs: number;
  readonly onDoubt: "retry" | "ask" | "fail";
  /** Which errors are tried again. */
  retries(error: unknown): boolean;
  do(attempt: Attempt): unknown;
  /** It only begins something, of whose end the run is told. */
  readonly isBegun: boolean;
}

/** What a step's function knows. */
export interface Attempt {
  /** The same in all attempts of this step, in whatever process: what a callee may know a repeated request by. */
  readonly key: string;
  /** From 1. One that a crash cut off counts as none. */
  readonly attempt: number;
  /** Aborts when its time is over, when the run is cancelled, and when this process no longer owns the run. */
  readonly signal: AbortSignal;
  /** Which command of its run it is, from 0. */
  readonly command: number;
}

/** A command that was issued and not settled. */
export class Pending {
  readonly number: number;
  readonly spec: CommandSpec;
  readonly isShielded: boolean;
  /** When it was called. */
  readonly at: number;
  readonly until: number | undefined;
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly #reject: (error: Error) => void;
  readonly #run: string;
  readonly #occurrence: number;
  readonly #base: number | undefined;

  /** @param occurrence Of its name in the run, from 1. @param base Of the run's log. */
  constructor(
    run: string,
    occurrence: number,
    base: number | undefined,
    facts: Pick<Pending, "number" | "spec" | "isShielded" | "at" | "until">,
  ) {
    this.number = facts.number;
    this.spec = facts.spec;
    this.isShielded = facts.isShielded;
    this.at = facts.at;
    this.until = facts.until;
    this.#run = run;
    this.#occurrence = occurrence;
    this.#base = base;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.promise = promise;
    this.resolve = resolve;
    this.#reject = reject;
  }

  get key(): string {
    return toKey(this.#run, this.spec.name, this.#occurrence, this.#base);
  }

  reject(error: Error): void {
    // The loser of a race has nobody who listens.
    this.promise.catch(() => {});
    this.#reject(error);
  }
}
