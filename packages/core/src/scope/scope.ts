import type { Clockwork } from "../clock/clockwork.ts";
import { HadronError } from "../errors.ts";
import { childTrace } from "./trace.ts";

/** Something that has to know when its scope is cancelled. It listens to one scope at a time. */
export interface Cancellable {
  cancelled(error: HadronError): void;
  /** Its neighbours among the listeners, in the order in which they came. The scope's own. */
  before?: Cancellable | undefined;
  after?: Cancellable | undefined;
}

export interface ScopeOptions {
  readonly clock: Clockwork;
  /** On that clock. Infinity: none. */
  readonly deadlineAt: number;
  /** W3C `traceparent` of its own. */
  readonly trace?: string | undefined;
  /** The `traceparent` that the call came with. Its own is made from that when somebody asks: most handlers call nobody. */
  readonly cameWith?: string | undefined;
  /** What travels with the call: see {@link addMeta}. @default the parent's */
  readonly meta?: string | undefined;
  readonly parent?: Scope | undefined;
}

/**
 * The life of one call on one side: its deadline, its trace, and who must hear when it is given up. A scope made inside
 * another ends with it, so that a caller that goes away stops its whole tree.
 *
 * Own code instead of AbortController: one of those with a listener costs more than all the rest of a call, and most
 * handlers never look at their signal. It is made when somebody asks. So is its place among the deadlines: nobody who does
 * not listen needs to hear of them, and most calls are over before anybody does.
 */
export class Scope implements Cancellable {
  readonly clock: Clockwork;
  /** On its clock; {@link renew} alone moves it. */
  deadlineAt: number;
  /** What travels with the call and down its tree, as it travels: see {@link addMeta}. */
  meta: string | undefined;
  before: Cancellable | undefined = undefined;
  after: Cancellable | undefined = undefined;
  #trace: string | undefined;
  #cameWith: string | undefined;
  #error: HadronError | undefined = undefined;
  // A list through the listeners themselves: a Set for each call would cost more than what it is for.
  #first: Cancellable | undefined = undefined;
  #last: Cancellable | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #ended = false;
  /** Whether it has its place among the deadlines, and in its parent. */
  #armed = false;
  readonly #parent: Scope | undefined;
  /** What it was given. */
  readonly #mostAt: number;
  #timed: boolean;
  /** Whether its deadline is about the beginning of its answer alone. */
  #begins = false;

  constructor({ clock, deadlineAt, trace, cameWith, meta, parent }: ScopeOptions) {
    this.clock = clock;
    this.deadlineAt = deadlineAt;
    this.#mostAt = deadlineAt;
    this.meta = meta ?? parent?.meta;
    this.#trace = trace;
    this.#cameWith = cameWith;
    this.#parent = parent;
    // I4: a deadline never grows on its way down. The parent's own timer cancels this one, too.
    this.#timed = deadlineAt !== Number.POSITIVE_INFINITY && parent?.deadlineAt !== deadlineAt;
  }

  /** Why it was given up, or undefined while it lives. */
  get error(): HadronError | undefined {
    // A parent tells only those who listen.
    return this.#error ?? this.#parent?.error;
  }

  /** Milliseconds until the deadline; 0 once it has passed. */
  get leftMs(): number {
    return Math.max(0, this.deadlineAt - this.clock.now());
  }

  /** W3C `traceparent`, or undefined. */
  get trace(): string | undefined {
    if (this.#cameWith !== undefined) {
      this.#trace = childTrace(this.#cameWith, this.clock);
      this.#cameWith = undefined;
    }
    return this.#trace;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.error !== undefined) this.#controller.abort(this.error);
      else if (!this.#ended) this.#arm();
    }
    return this.#controller.signal;
  }

  /**
   * Registers a listener. Check `error` first: one that comes too late is not called. A scope that has ended lives on for
   * it: a call that a handler makes after it has returned has the handler's deadline, too.
   */
  add(listener: Cancellable): void {
    if (this.error !== undefined) return;
    listener.before = this.#last;
    listener.after = undefined;
    if (this.#last === undefined) this.#first = listener;
    else this.#last.after = listener;
    this.#last = listener;
    if (!this.#armed) this.#arm();
  }

  delete(listener: Cancellable): void {
    this.#unlink(listener);
    if (this.#ended) this.end();
  }

  /** Gives the call up, and all below it. The first reason stays. */
  cancel(error: HadronError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    for (let listener = this.#first; listener !== undefined; listener = this.#first) {
      this.#unlink(listener);
      listener.cancelled(error);
    }
    this.end();
    this.#controller?.abort(error);
  }

  cancelled(error: HadronError): void {
    this.cancel(error);
  }

  /**
   * Gives it another deadline within what it was given: for a call that has a shorter one until its answer begins, and then
   * lasts as long as its caller waits. Calls that it has made keep theirs.
   *
   * @param ms From now. @default all that it was given
   */
  renew(ms = Number.POSITIVE_INFINITY): void {
    this.#move(ms);
    this.#begins = false;
  }

  /**
   * Gives it so much time until its answer begins. Calls that it makes may last longer, as what they give may be part of an answer
   * that has begun; where the time runs out first, they are given up with it.
   */
  beginWithin(ms: number): void {
    this.#move(ms);
    this.#begins = true;
  }

  /** The latest deadline of a call that it makes. */
  get lastsUntil(): number {
    return this.#begins ? this.#mostAt : this.deadlineAt;
  }

  #move(ms: number): void {
    const deadlineAt = Math.min(this.#mostAt, this.clock.now() + ms);
    const waits = this.#armed && this.#timed;
    if (waits) this.clock.deadlines.delete(this);
    this.deadlineAt = deadlineAt;
    if (!this.#armed) return;
    this.#timed = deadlineAt !== Number.POSITIVE_INFINITY;
    if (this.#timed) this.clock.deadlines.add(this);
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
    if (!this.#armed || this.#first !== undefined) return;
    this.#armed = false;
    if (this.#timed) this.clock.deadlines.delete(this);
    this.#parent?.delete(this);
  }

  #unlink(listener: Cancellable): void {
    const { before, after } = listener;
    if (before === undefined && this.#first !== listener) return;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    listener.before = listener.after = undefined;
  }

  #arm(): void {
    this.#armed = true;
    this.#parent?.add(this);
    if (this.#timed) this.clock.deadlines.add(this);
  }
}
