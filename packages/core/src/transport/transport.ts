import type { Clockwork } from "../clock/clockwork.ts";
import type { ErrorData } from "../errors.ts";
import type { Caller } from "../scope/caller.ts";
import type { Scope } from "../scope/scope.ts";

/** What two replicas tell each other before the first call. */
export interface Hello {
  readonly app: string;
  /** The service that speaks, or is wanted. */
  readonly service: string;
  /** The replica's full name; undefined: any of the service will do. */
  readonly replica: string | undefined;
  /** The hash of the topology of whoever says it. Another one is another revision, which is served, too. */
  readonly topology: string;
}

/** Something that knows the id of a call. It is made when somebody asks: most calls are never asked for theirs. */
export interface Identified {
  readonly callId: string;
}

/** How many bytes a call took, as it was encoded. */
export interface CallSizes {
  /** Of its input, or of all items of its input; over JSON-RPC, of the message. Undefined where that is not known. */
  inputBytes: number | undefined;
  /** The same of its output. */
  outputBytes: number | undefined;
}

/** One call on its way out. Time, trace, metadata and cancellation are its scope's. */
export interface OutgoingCall {
  readonly procedure: string;
  /** An async iterable is sent item by item, as the other side takes them. */
  readonly input: unknown;
  readonly scope: Scope;
  /**
   * Who knows its id. Undefined: the connection, which puts itself here, so that the same call carries the same id wherever
   * else it goes.
   */
  identity?: Identified | undefined;
  /** Where the connection says how large it was, before it settles or its stream is over. Undefined: nobody asks. */
  readonly sizes?: CallSizes | undefined;
}

/** What a connection is: not open yet, open, one that takes no further calls, or gone. */
export type ConnectionState = "connecting" | "open" | "draining" | "closed";

/** A way to one replica. Calls are multiplexed over it. */
export interface Connection {
  /**
   * Makes one call. Rejects with a HadronError; `unsent` is true where nothing of the call left this process.
   * Settles at once when the scope is cancelled, and then tells the other side.
   *
   * Resolves to an `IncomingStream` where the output is a stream. The call then lasts until that is over.
   */
  call(call: OutgoingCall): Promise<unknown>;
  /** Calls without an answer yet. */
  readonly inFlight: number;
  /** What it is called at both ends, and the number there of the call that was made last; undefined where it has none. */
  readonly name?: string;
  readonly lastNumber?: number;
  readonly state: ConnectionState;
  /** Bytes that wait to be sent, or were announced and have not come yet; undefined where that is not counted. */
  readonly heldBytes?: number;
  /** Closes at once; calls in flight fail as UNAVAILABLE. */
  close(): void;
}

/** What a transport is told of a connection that it makes. */
export interface ConnectionOptions {
  /** Who calls. */
  readonly self: Hello;
  /** Who is wanted at that address: another one there is refused, UNAVAILABLE and unsent. */
  readonly wanted: Hello;
  /** Told at each change of state. */
  readonly stateChanged: (state: ConnectionState) => void;
  /** Bytes of one encoded output that are accepted. */
  readonly maxOutputBytes: number;
}

/** Moves calls between two replicas. */
export interface Transport {
  /** Returns at once; the connection opens by itself. `address` as in {@link Member.address}. */
  connect(address: string, options: ConnectionOptions): Connection;
}

/** One call that came in. */
export interface IncomingCall {
  readonly procedure: string;
  /** An `IncomingStream` where the caller sends a stream. */
  readonly input: unknown;
  /** What is left of the caller's time; undefined: it did not say. */
  readonly timeoutMs: number | undefined;
  /** W3C trace context, as in the header `traceparent`. */
  readonly trace: string | undefined;
  /** What travels with it, in the form of the header `baggage`: see `addMeta`. */
  readonly meta: string | undefined;
  /** Who calls, or undefined for an outside caller. */
  readonly caller: Caller | undefined;
  /** Whether it came in where no outside caller comes in. Absent: where one may. */
  readonly inside?: boolean;
  /** Its id: the same in each of its tries; undefined: the caller gave none. */
  readonly callId: string | undefined;
  /** The name of its connection and its number there, as the caller has them; undefined: the transport has none. */
  readonly connection?: string | undefined;
  readonly number?: number | undefined;
  /** The bytes of its input; undefined where they are not known, and of a stream those that have come. See {@link CallSizes}. */
  readonly inputBytes?: number | undefined;
}

/** Takes the items of a stream. */
export interface ItemSink {
  /** Sends an item. False: send no further one before it says `resume`. Throws a HadronError where it cannot be sent. */
  item(value: unknown): boolean;
}

/** Whoever makes the items of a stream. */
export interface ItemSource {
  /** Items are taken again. */
  resume(): void;
}

/** Where a transport puts the outcome of an incoming call. Exactly one of `ok` and `fail` is called, once. */
export interface Reply {
  ok(output: unknown): void;
  fail(error: ErrorData): void;
  /** Begins a stream; `ok(undefined)` or `fail` ends it. */
  stream(source: ItemSource): ItemSink;
  /** The bytes of the output, once it went out; undefined where they are not known. See {@link CallSizes}. */
  readonly outputBytes?: number | undefined;
}

/** The serving side of a replica, as transports see it. */
export interface Dispatcher {
  readonly self: Hello;
  /** The time of its calls, and of the connections to it. */
  readonly clock: Clockwork;
  readonly maxInputBytes: number;
  readonly maxOutputBytes: number;
  /** Runs a call. Never throws. The scope that it returns can be cancelled. */
  dispatch(call: IncomingCall, reply: Reply): Scope;
}
