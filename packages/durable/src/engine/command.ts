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
export interface Pending {
  readonly number: number;
  readonly spec: CommandSpec;
  readonly key: string;
  readonly isShielded: boolean;
  /** When it was called. */
  readonly at: number;
  readonly until: number | undefined;
  resolve(value: unknown): void;
  reject(error: Error): void;
}
