import type { Schema } from "@hadron/core";
import type { Incoming, SchemaInput, SchemaOutput } from "./types.ts";

/** What can be said of a socket. */
export interface SocketOptions<
  I extends Schema<any, any> | undefined = Schema<any, any> | undefined,
  O extends Schema<any, any> | undefined = Schema<any, any> | undefined,
> {
  /** Checks and converts each message that comes. One that does not fit ends the socket: 1007, and the field. @default anything */
  readonly input?: I;
  /** Checks and converts each message that is sent. `send` rejects with INVALID_OUTPUT. @default anything */
  readonly output?: O;
  /**
   * `json`: texts are JSON both ways, and one that is none ends the socket, 1007; bytes are `Uint8Array`. `raw`: texts are texts.
   * @default "json"
   */
  readonly form?: "json" | "raw";
  /**
   * Pages of which origins may open it beside those of its own: as `https://shop.example.com`; `"*"`: any, which lets any page act for
   * whoever is signed in with a cookie. What sends no `Origin` is no page. @default none
   */
  readonly origins?: readonly string[] | "*";
  /** Bytes of a message that comes; a longer one ends the socket, 1009. @default 1 048 576 */
  readonly maxMessageBytes?: number;
  /** Asked so often whether it is still there, in milliseconds; one that is silent until the next time is let go. @default 30 000 */
  readonly pingMs?: number;
  /** Subprotocols that are spoken, the best first; `protocol` says which it is. @default none */
  readonly protocols?: readonly string[];
  /** All that this tells is sent to each socket of each replica: see `broadcast`. @default nothing */
  readonly hears?: Heard<any>;
}

/** What sockets hear: a service made of `broadcast`. */
export interface Heard<T> {
  with(options: { readonly timeoutMs: number }): {
    listen(input?: unknown): AsyncIterable<T> | PromiseLike<AsyncIterable<T>>;
  };
}

/** Why a socket is over: a code of RFC 6455, section 7.4.1, and what was said along. */
export interface Closed {
  /** 1006 where it broke off without a word. */
  readonly code: number;
  readonly reason: string;
}

/** What a socket's handler is given: what a route's is, but for a body, and the socket. */
export interface SocketIncoming<P = Readonly<Record<string, string>>, I = any, O = any>
  extends Omit<Incoming<P>, "body"> {
  /**
   * Sends a message. Resolves when the connection has taken it: whoever waits never has more under way than the client takes. Rejects
   * with CANCELLED once the socket is closed, with INVALID_OUTPUT where the message does not fit.
   */
  readonly send: (message: O) => Promise<void>;
  /** What comes, one after the other, until the socket closes. Whoever does not ask for them has them dropped. */
  readonly messages: AsyncIterable<I>;
  /** Ends it: 1000, or 3000 to 4999 for reasons of one's own. The reason is 123 bytes at most. */
  readonly close: (code?: number, reason?: string) => void;
  /** Resolves when it is closed, by whichever side. */
  readonly closed: Promise<Closed>;
  /** The subprotocol that was agreed on; empty where there is none. */
  readonly protocol: string;
  /** Aborts when the socket is closed. */
  readonly signal: AbortSignal;
}

/**
 * Speaks with one client until it returns, which closes the socket: 1000. What it throws closes it, too: 1008 where the client may not,
 * 1013 where it may come again, else 1011.
 */
export type SocketHandler<P, I, O> = (incoming: SocketIncoming<P, I, O>) => unknown;

/** What comes of a schema, or anything. */
export type MessageOf<S> = S extends Schema<any, any> ? SchemaOutput<S> : any;

/** What a schema takes, or anything. */
export type SentOf<S> = S extends Schema<any, any> ? SchemaInput<S> : any;

/** A socket's handler with what was said of it; `socket` makes it. `P` are the parameters that it asks for. */
export interface SocketRoute<in P = never> {
  readonly kind: "socket";
  readonly options: ResolvedSocketOptions;
  readonly handler: (incoming: SocketIncoming<P>) => unknown;
}

/** The options of a socket, with nothing left open. */
export interface ResolvedSocketOptions extends Required<Omit<SocketOptions, "input" | "output" | "hears">> {
  readonly input: Schema | undefined;
  readonly output: Schema | undefined;
  readonly hears: Heard<unknown> | undefined;
}
