import type { Clock } from "../clock/clock.ts";
import type { Caller } from "../scope/caller.ts";
import type { Meta, MetaChange } from "../scope/meta.ts";
import type { Living } from "./life.ts";
import type { Log, Replica } from "./replica.ts";

export type { Caller } from "../scope/caller.ts";
export type { Credentials } from "../scope/credentials.ts";
export type { User } from "../scope/user.ts";
export type { Log, Replica } from "./replica.ts";

/** What a handler knows beside its input. */
export interface Context {
  /**
   * Names this call among all: the same in each of its tries and hedges, another for each call. What an idempotent procedure
   * may know a repeated call by.
   */
  readonly id: string;
  /** Who calls; undefined: it came from outside. */
  readonly caller: Caller | undefined;
  /** What travels with the call. What an outside caller sends is what it claims: nobody has checked it. */
  readonly meta: Meta;
  /** Aborts when the caller goes away or the deadline passes. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting. */
  readonly deadline: Date;
  /** How long it still waits, in milliseconds, on a clock that nobody sets. */
  readonly timeLeftMs: number;
  readonly replica: Replica;
  readonly log: Log;
  /** Time and chance; a test may give others than the machine's. */
  readonly clock: Clock;
}

/** A call as a wrapper sees it: on its way to a handler, or on its way out. */
export interface WrappedCall {
  /** Whether the wrapper stands around a service's handlers, or around calls to it. */
  readonly side: "serving" | "calling";
  readonly service: string;
  readonly procedure: string;
  /** As the caller gave it: where it is served, its schema has not checked it yet. A stream is an async iterable. */
  readonly input: unknown;
  /** As in {@link Context}. */
  readonly id: string;
  /** As in {@link Context}. */
  readonly caller: Caller | undefined;
  /** As in {@link Context}, with what the call adds. */
  readonly meta: Meta;
  /** Of the handler that is called; where calls are wrapped, of the one that calls, and undefined outside of handlers. */
  readonly context: Context | undefined;
}

/** What a wrapper changes of a call that it lets pass. */
export interface CallChange {
  /** @default what it was */
  readonly input?: unknown;
  /** What is added to the metadata. @default nothing */
  readonly meta?: MetaChange;
}

/**
 * Stands around calls, on either side: around the handlers of a service, `service(name, part, { around: [wrapper] })`, or
 * around calls to it, `greet.with({ around: [wrapper] })`. It may let a call pass (`next()`), changed or not, answer it
 * itself, refuse it by throwing, and look at what comes back; a stream comes back as an async iterable.
 *
 * @example
 * const signedIn: Wrapper = (call, next) => {
 *   if (call.caller === undefined && !isValid(call.meta.token)) throw new HadronError("UNAUTHENTICATED", "Sign in first.");
 *   return next();
 * };
 */
export type Wrapper = (call: WrappedCall, next: (change?: CallChange) => Promise<unknown>) => unknown;

/**
 * The function that implements a procedure. It may return a value, a promise, nothing, or an async iterable: then its
 * callers get the items one by one, as fast as they take them.
 */
export type Handler<I = any, O = unknown> = (input: I, context: Context) => O;

/** What a service offers: one handler, or several by name; and what a replica does without being called. */
export type Api = (Handler | Readonly<Record<string, Handler>>) & Living;

declare const api: unique symbol;

/** What a pattern or a service offers, for the compiler alone. */
export interface Part<out A> {
  readonly [api]: A;
}

/** What a pattern takes: a handler, an object of handlers, another pattern, or a service. */
export type PartOf<A> = A | Part<A>;

/** The input of a handler as the parameters of a call: none, one, or one that may be left out. */
export type Input<H> = H extends (...args: infer P) => unknown
  ? P extends readonly []
    ? []
    : undefined extends P[0]
      ? [input?: P[0]]
      : [input: P[0]]
  : never;

/** What a handler's callers get: of a stream, something to iterate. */
export type Output<H> = H extends (...args: any) => infer O ? Received<Awaited<O>> : never;

declare const faced: unique symbol;

/** Of a handler whose `Face` has a `client`: what that is. For the compiler alone. */
export interface Faced<F> {
  readonly [faced]: F;
}

/** A call of a handler as its caller holds it: a stream where the handler returns one, else a promise. */
export type Answer<H> = H extends (...args: any) => infer O
  ? IsStream<Awaited<O>> extends true
    ? Received<Awaited<O>>
    : Promise<Awaited<O>>
  : never;

type Received<O> = IsStream<O> extends true ? (O extends AsyncIterable<infer T> ? AsyncIterable<T> : never) : O;

// `any` and `never` would be taken for streams as well.
type IsStream<O> = 0 extends 1 & O
  ? false
  : [O] extends [never]
    ? false
    : [O] extends [AsyncIterable<any>]
      ? true
      : false;

/** The input of whichever procedure of an api is called. */
export type Inputs<A> = A extends (...args: any) => unknown
  ? Input<A>[0]
  : { [K in keyof A & string]: Input<A[K]>[0] }[keyof A & string];

/** How a call is made: `greet.with({ timeoutMs: 100 })("Ann")`. */
export interface CallOptions {
  /** How long to wait for the answer; for a stream, for its end. @default what is left of the calling handler's time, or 30 000 */
  readonly timeoutMs?: number;
  /** Gives the call up. Adds to the calling handler's own signal. */
  readonly signal?: AbortSignal;
  /**
   * What travels with the call and down its whole tree, beside what the calling handler was given. WRONG_USE where a key or
   * value is none, TOO_LARGE above 8 KiB in all. @default nothing more
   */
  readonly meta?: MetaChange;
  /** Stand around the call, the first outermost; each `with` adds its own inside of those before. @default none */
  readonly around?: readonly Wrapper[];
  /** The id of the call, for those who repeat one by themselves: its handler finds it as `context.id`. @default its own */
  readonly id?: string;
}

/**
 * A procedure as its callers see it. What streams (its handler is an async generator, or returns another async iterable)
 * gives an async iterable: take the items with `for await`; leaving that loop ends the call.
 */
export type Procedure<H> = H extends Faced<infer F> ? F : (...input: Input<H>) => Answer<H>;

/** A typed client: a function where the service has one handler, an object of functions where it has several. */
export type Client<A> = (A extends (...args: any) => unknown
  ? Procedure<A>
  : { readonly [K in keyof A as K extends string ? K : never]: Procedure<A[K]> }) & {
  /** The same client, with other options for its calls. */
  with(options: CallOptions): Client<A>;
};

declare const ports: unique symbol;

/** What an image offers: ports, by their names. For the compiler alone. */
export type ImageApi<P extends string> = { readonly [ports]: P };

/** What the value of an image's service says beside: where it is, as seen from whoever asks. */
export interface Addressed<P extends string> {
  /**
   * Where a port can be reached from here: in a replica, in a test, or from outside through the runner. The main port, where
   * none is named. Fails as a call does: UNAVAILABLE where it is not known in time, UNKNOWN_SERVICE where it is not in the app.
   */
  address(port?: P): Promise<Address>;
}

/** Where something can be reached. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

declare const offering: unique symbol;

/** On an api: what the service's value offers beside its procedures. For the compiler alone. */
export interface Offering<out O> {
  readonly [offering]: O;
}

/** A service: a named value, and its own typed client. */
export type Service<A> = Part<A> &
  Client<A> &
  ([A] extends [ImageApi<infer P>] ? Addressed<P> : unknown) &
  ([A] extends [Offering<infer O>] ? O : unknown) & { readonly [Symbol.toStringTag]: "HadronService" };

/** Any service, whatever it offers. */
export type AnyService = Part<any> & { readonly [Symbol.toStringTag]: "HadronService" };
