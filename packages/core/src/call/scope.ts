import { HadronError } from "../errors.ts";
import { deadlines } from "./deadlines.ts";

/** Something that has to know when its scope is cancelled. */
export interface Cancellable {
  cancelled(error: HadronError): void;
}

/**
 * The life of one call on one side: its deadline, its trace, and who must hear when it is given up. A scope made inside
 * another ends with it, so that a caller that goes away stops its whole tree.
 *
 * Own code instead of AbortController: one of those with a listener costs more than all the rest of a call, and most
 * handlers never look at their signal. It is made when somebody asks.
 */
export class Scope implements Cancellable {
  /** On the clock of `performance.now()`, which does not jump. Infinity: none. */
  readonly deadlineAt: number;
  /** W3C `traceparent`, or undefined. */
  readonly trace: string | undefined;
  /** The replica in which it lives: a call that leaves it names this as its caller. */
  readonly caller: string | undefined;
  #error: HadronError | undefined;
  #listeners: Set<Cancellable> | undefined;
  #controller: AbortController | undefined;
  #ended = false;
  /** Whether it has its timer, and its place in its parent. */
  #armed = false;
  readonly #parent: Scope | undefined;
  readonly #timed: boolean;

  constructor(options: {
    readonly deadlineAt: number;
    readonly trace: string | undefined;
    readonly caller: string | undefined;
    readonly parent?: Scope | undefined;
  }) {
    this.deadlineAt = options.deadlineAt;
    this.trace = options.trace;
    this.caller = options.caller;
    this.#parent = options.parent;
    // I4: a deadline never grows on its way down. The parent's own timer cancels this one, too.
    this.#timed = options.deadlineAt !== Number.POSITIVE_INFINITY && options.parent?.deadlineAt !== options.deadlineAt;
    if (options.parent !== undefined) this.#error = options.parent.#error;
    if (this.#error === undefined) this.#arm();
  }

  /** Why it was given up, or undefined while it lives. */
  get error(): HadronError | undefined {
    return this.#error;
  }

  /** Milliseconds until the deadline; 0 once it has passed. */
  get leftMs(): number {
    return Math.max(0, this.deadlineAt - performance.now());
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#error !== undefined) this.#controller.abort(this.#error);
    }
    return this.#controller.signal;
  }

  /**
   * Registers a listener. Check `error` first: one that comes too late is not called. A scope that has ended lives on for
   * it: a call that a handler makes after it has returned has the handler's deadline, too.
   */
  add(listener: Cancellable): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    if (!this.#armed && this.#error === undefined) this.#arm();
  }

  delete(listener: Cancellable): void {
    this.#listeners?.delete(listener);
    if (this.#ended) this.end();
  }

  /** Gives the call up, and all below it. The first reason stays. */
  cancel(error: HadronError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    this.end();
    if (listeners !== undefined) for (const listener of listeners) listener.cancelled(error);
    this.#controller?.abort(error);
  }

  cancelled(error: HadronError): void {
    this.cancel(error);
  }

  /** The deadline has passed: called by the timer. */
  expire(): void {
    this.cancel(new HadronError("DEADLINE_EXCEEDED", "The time of the call ran out."));
  }

  /**
   * The call is over: frees its timer and its place in its parent. Calls that it made and nobody waited for keep their
   * deadline: until the last of them is over, so does this. Safe to call twice.
   */
  end(): void {
    this.#ended = true;
    if (!this.#armed || (this.#listeners !== undefined && this.#listeners.size > 0)) return;
    this.#armed = false;
    if (this.#timed) deadlines.delete(this);
    this.#parent?.delete(this);
  }

  #arm(): void {
    this.#armed = true;
    this.#parent?.add(this);
    if (this.#timed) deadlines.add(this);
  }
}
