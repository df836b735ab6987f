import type { Resource } from "../declare/resource.ts";
import type { Log } from "../declare/types.ts";
import type { Transactional } from "./effects.ts";

/** The name of how a resource hands out its work. */
export const takeWork: unique symbol = Symbol.for("dev.hadron.take-work") as never;

/** A resource that hands out work, such as a queue: what `consume` takes. */
export interface WorkSource<T> extends Resource {
  /** INVALID_DECLARATION if an option is out of range. */
  readonly [takeWork]: <X>(options: WorkOptions<T, X>) => WorkTaker;
}

/** What a handler knows of a message beside what it says. */
export interface Delivery {
  /** From 1. It counts claims: one whose replica died is among them. */
  readonly attempt: number;
  /** The sender's id, else one of the store's: the same in every attempt. */
  readonly id: string;
  readonly sentAt: Date;
  /** Aborts when the message may be given to another soon, or its time is over. */
  readonly signal: AbortSignal;
}

/** Does the work of one message, in a transaction where that was asked for. What it throws is why the attempt failed. */
export type WorkHandler<T, X = never> = (message: T, delivery: Delivery, tx: X | undefined) => unknown;

/** Who works on what a source hands out, and how. */
export interface WorkOptions<T, X = never> {
  /** The service that works. */
  readonly service: string;
  readonly handle: WorkHandler<T, X>;
  /** Where the effects of each message are had once: in a transaction of it. @default none */
  readonly tx?: Transactional<X> | undefined;
  readonly log: Log;
  /** Messages at work at once, in one replica. @default 10 */
  readonly concurrency?: number;
  /** How long a message stays with a replica that is not heard of, in milliseconds. @default 30 000 */
  readonly leaseMs?: number;
  /** A handler that takes longer, in milliseconds, has failed. @default 300 000 */
  readonly timeoutMs?: number;
}

/** Takes work and does it, in one replica. */
export interface WorkTaker {
  start(): Promise<void>;
  /** Takes no more; resolves when what is at work is done. */
  stop(): Promise<void>;
}
