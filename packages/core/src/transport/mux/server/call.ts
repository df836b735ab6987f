import type { ErrorData, HadronError } from "../../../errors.ts";
import type { Scope } from "../../../scope/scope.ts";
import type { IncomingStream } from "../../incoming-stream.ts";
import type { IncomingCall, ItemSink, Reply } from "../../transport.ts";
import type { Numbered } from "../link/call-table.ts";
import type { Outflow, Source } from "../link/outflow.ts";

/** Whoever sends the outcomes of calls. */
export interface ReplyTaker {
  reply(call: ServerCall, output: unknown): void;
  fail(call: ServerCall, error: ErrorData): void;
  /** Begins a stream as the output of a call. */
  open(call: ServerCall, source: Source): Outflow;
}

/** Takes no item: its call has been cancelled, and so will be whatever makes them. */
const NOWHERE: ItemSink = { item: () => false };

/** A call that came in, and where its outcome goes. One object a call. */
export class ServerCall implements Numbered, IncomingCall, Reply {
  id: number;
  readonly procedure: string;
  input: unknown = undefined;
  timeoutMs: number | undefined;
  readonly trace: string | undefined;
  readonly caller: string | undefined;
  /** When its first frame came, where its input comes in chunks. */
  arrivedAt = 0;
  scope: Scope | undefined = undefined;
  /** Its input, where that is a stream. */
  inflow: IncomingStream<ServerCall> | undefined = undefined;
  /** Its output, once it is a stream. */
  outflow: Outflow | undefined = undefined;
  #connection: ReplyTaker | undefined;

  constructor(
    connection: ReplyTaker,
    id: number,
    procedure: string,
    timeoutMs: number | undefined,
    trace: string | undefined,
    caller: string | undefined,
  ) {
    this.#connection = connection;
    this.id = id;
    this.procedure = procedure;
    this.timeoutMs = timeoutMs;
    this.trace = trace;
    this.caller = caller;
  }

  ok(output: unknown): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.reply(this, output);
  }

  fail(error: ErrorData): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.fail(this, error);
  }

  stream(source: Source): ItemSink {
    if (this.#connection === undefined) return NOWHERE;
    this.outflow = this.#connection.open(this, source);
    return this.outflow;
  }

  /** Nobody waits for the outcome any more. */
  forget(error: HadronError): void {
    this.#connection = undefined;
    this.endStreams(error);
  }

  /** Ends what goes in and out item by item: the call is over. */
  endStreams(error: HadronError): void {
    this.outflow?.close();
    this.inflow?.fail(error);
  }
}
