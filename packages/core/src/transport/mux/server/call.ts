import type { ErrorData, HadronError } from "../../../errors.ts";
import type { Caller } from "../../../scope/caller.ts";
import type { Scope } from "../../../scope/scope.ts";
import { toCallId } from "../../call-id.ts";
import type { IncomingStream } from "../../incoming-stream.ts";
import type { IncomingCall, ItemSink, ItemSource, Reply } from "../../transport.ts";
import type { Numbered } from "../link/call-table.ts";
import type { Outflow } from "../link/outflow.ts";

/** Whoever sends the outcomes of calls. */
export interface ReplyTaker {
  /** The connection's name among all. */
  readonly name: string;
  /** Who calls. */
  readonly from: Caller | undefined;
  reply(call: ServerCall, output: unknown): void;
  fail(call: ServerCall, error: ErrorData): void;
  /** Begins a stream as the output of a call. */
  open(call: ServerCall, source: ItemSource): Outflow;
}

/** What the caller said of a call ahead of it. */
export interface Notes {
  readonly id: number;
  meta: string | undefined;
  callId: string | undefined;
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
  /** Of its input, or of the items of it that came. */
  inputBytes = 0;
  /** Of its output, or of the items of it that were sent. */
  outputBytes: number | undefined = undefined;
  /** When its first frame came, where its input comes in chunks. */
  arrivedAt = 0;
  scope: Scope | undefined = undefined;
  /** Its input, where that is a stream. */
  inflow: IncomingStream<ServerCall> | undefined = undefined;
  /** Its output, once it is a stream. */
  outflow: Outflow | undefined = undefined;
  readonly #connection: ReplyTaker;
  readonly #notes: Notes | undefined;
  /** Nobody waits for the outcome any more, or it has gone out. */
  #over = false;

  constructor(
    connection: ReplyTaker,
    id: number,
    procedure: string,
    timeoutMs: number | undefined,
    trace: string | undefined,
    notes: Notes | undefined,
  ) {
    this.#connection = connection;
    this.id = id;
    this.procedure = procedure;
    this.timeoutMs = timeoutMs;
    this.trace = trace;
    this.#notes = notes;
  }

  get caller(): Caller | undefined {
    return this.#connection.from;
  }

  /** This protocol is spoken where no outside caller comes in. */
  get inside(): true {
    return true;
  }

  get meta(): string | undefined {
    return this.#notes?.meta;
  }

  get connection(): string {
    return this.#connection.name;
  }

  get number(): number {
    return this.id;
  }

  get callId(): string {
    return this.#notes?.callId ?? toCallId(this.#connection.name, this.id);
  }

  ok(output: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection.reply(this, output);
  }

  fail(error: ErrorData): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection.fail(this, error);
  }

  stream(source: ItemSource): ItemSink {
    if (this.#over) return NOWHERE;
    this.outflow = this.#connection.open(this, source);
    return this.outflow;
  }

  /** Nobody waits for the outcome any more. */
  forget(error: HadronError): void {
    this.#over = true;
    this.endStreams(error);
  }

  /** Ends what goes in and out item by item: the call is over. */
  endStreams(error: HadronError): void {
    if (this.outflow !== undefined) {
      this.outflow.close();
      this.outputBytes = this.outflow.sentBytes;
    }
    this.inflow?.fail(error);
  }
}
