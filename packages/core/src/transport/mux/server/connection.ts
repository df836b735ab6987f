import { type ErrorData, HadronError, toErrorData } from "../../../errors.ts";
import type { Caller } from "../../../scope/caller.ts";
import { MOST_META_BYTES } from "../../../scope/meta.ts";
import { createCallIdPrefix } from "../../call-id.ts";
import type { StreamOwner } from "../../incoming-stream.ts";
import { streamOver } from "../../pump.ts";
import type { Dispatcher, Hello, ItemSource } from "../../transport.ts";
import { ProtocolError } from "../frames/frame-parser.ts";
import * as frames from "../frames/frames.ts";
import { CallTable } from "../link/call-table.ts";
import { Link, readUint32 } from "../link/link.ts";
import { MOST_BUFFERED_BYTES } from "../link/outbox.ts";
import { Outflow } from "../link/outflow.ts";
import type { Pipe } from "../link/pipe.ts";
import { type Notes, type ReplyTaker, ServerCall } from "./call.ts";
import { CallHeaderReader } from "./call-header.ts";
import { explainOutput, inputTooLarge, toWire, unreadableInput } from "./failures.ts";
import { ServerStreams } from "./streams.ts";

const REST_MS = 45_000;
/** A peer that takes no replies gets no further calls read. */
const PAUSE_ABOVE_BYTES = 8 * 1024 * 1024;
/** Inputs on their way in from one caller; one more is refused, and can safely be sent again. */
export const MOST_ANNOUNCED_BYTES = 256 * 1024 * 1024;
/** How long answers may take to leave once the connection is to be closed. */
const CLOSE_MS = 1000;
/** One caller's connection, as the serving side has it. */
export interface MuxServerConnection {
  /** Calls without an answer yet. */
  readonly inFlight: number;
  /** Bytes that wait to be sent, or were announced and have not come yet. */
  readonly heldBytes: number;
  /** Who calls. */
  readonly caller: Hello;
  /** Resolves to why it ended. Never rejects. */
  readonly closed: Promise<string>;
  /** Tells the caller to send no more. What comes nevertheless is refused and can safely go elsewhere; the rest is finished. */
  goaway(): void;
  /** Cancels calls in flight, sends what is still on its way out, at most a second long, and ends. */
  close(): Promise<string>;
}

/** The serving end of `hadron/1`, after the handshake. */
export class ServerConnection extends Link implements MuxServerConnection, ReplyTaker, StreamOwner<ServerCall> {
  readonly caller: Hello;
  readonly closed: Promise<string>;
  readonly name: string;
  readonly from: Caller | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #calls = new CallTable<ServerCall>();
  readonly #streams: ServerStreams;
  readonly #headers = new CallHeaderReader();
  readonly #settleClosed: (reason: string) => void;
  /** What was said of the next call. */
  #notes: Notes | undefined;
  #draining = false;
  #paused = false;

  /** @param name The connection's, as the caller gave it. */
  constructor(pipe: Pipe, caller: Hello, name: string | undefined, dispatcher: Dispatcher) {
    super(pipe, REST_MS);
    this.caller = caller;
    this.name = name ?? createCallIdPrefix(pipe.clock);
    this.from = caller.service === "" ? undefined : caller;
    this.#dispatcher = dispatcher;
    this.#streams = new ServerStreams(this, dispatcher, this.bodies, this.decoder);
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    this.#settleClosed = resolve;
    this.outbox.open();
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  get waiting(): boolean {
    return this.#calls.size > 0;
  }

  protected get opening(): boolean {
    return false;
  }

  goaway(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.outbox.small(frames.GOAWAY, 0);
  }

  close(): Promise<string> {
    this.#cancelAll(new HadronError("CANCELLED", "The replica is being stopped."));
    this.goaway();
    const { clock } = this.pipe;
    const deadlineAt = clock.now() + CLOSE_MS;
    const tryEnd = () => {
      this.outbox.flush();
      if (this.outbox.pendingBytes === 0) this.pipe.end();
      else if (clock.now() < deadlineAt) clock.after(5, tryEnd);
      else this.finish("this replica closed it");
    };
    tryEnd();
    return this.closed;
  }

  reply(call: ServerCall, output: unknown): void {
    this.#calls.delete(call.id);
    if (call.outflow !== undefined || call.inflow !== undefined) call.endStreams(streamOver());
    if (call.outflow !== undefined) {
      this.outbox.small(frames.END, call.id);
      return;
    }
    this.outbox.begin(frames.REPLY, call.id);
    try {
      call.outputBytes = this.outbox.endWithValue(output, this.#dispatcher.maxOutputBytes);
    } catch (error) {
      this.#error(call.id, toErrorData(explainOutput(call.procedure, this.#dispatcher, error, output)));
    }
    this.#throttle();
  }

  fail(call: ServerCall, error: ErrorData): void {
    this.#calls.delete(call.id);
    call.endStreams(streamOver());
    this.#error(call.id, error);
    this.#throttle();
  }

  open(call: ServerCall, source: ItemSource): Outflow {
    this.outbox.small(frames.STREAM, call.id);
    const explain = (error: unknown, item: unknown) => explainOutput(call.procedure, this.#dispatcher, error, item);
    return new Outflow(this.outbox, call.id, frames.STREAM_WINDOW, this.#dispatcher.maxOutputBytes, source, explain);
  }

  taken(call: ServerCall, cost: number): void {
    if (this.#calls.get(call.id) === call) this.outbox.small(frames.CREDIT, call.id, cost);
  }

  unwanted(call: ServerCall): void {
    this.bodies.drop(call.id);
    if (this.#calls.get(call.id) === call) this.outbox.small(frames.STOP, call.id);
  }

  override drained(): void {
    super.drained();
    if (this.#paused && this.outbox.backlogBytes < PAUSE_ABOVE_BYTES / 2) {
      this.#paused = false;
      this.pipe.resume();
    }
  }

  protected frame(kind: number, id: number, bytes: Buffer, start: number, end: number): void {
    switch (kind) {
      case frames.CALL:
      case frames.CALL_LARGE:
        this.#call(kind, id, bytes, start, end);
        return;
      case frames.CANCEL:
        this.#cancel(id);
        return;
      case frames.ITEM:
      case frames.ITEM_LARGE:
      case frames.END:
      case frames.CREDIT:
        this.#streamFrame(kind, id, bytes, start, end);
        return;
      default:
        throw new ProtocolError(`A frame of kind ${kind} came, which a caller does not send.`);
    }
  }

  protected override note(id: number, bytes: Buffer, start: number, end: number): void {
    // A frame that was taken back: nothing is known of it.
    if (start === end || end - start > 1 + MOST_META_BYTES) return;
    const what = bytes[start];
    const text = bytes.latin1Slice(start + 1, end);
    if (this.#notes?.id !== id) this.#notes = { id, meta: undefined, callId: undefined };
    if (what === frames.NOTE_META) this.#notes.meta = text;
    else if (what === frames.NOTE_ID) this.#notes.callId = text;
  }

  #streamFrame(kind: number, id: number, bytes: Buffer, start: number, end: number): void {
    const call = this.#calls.get(id);
    // Late: it has been answered.
    if (call !== undefined) this.#streams.frame(call, kind, bytes, start, end);
  }

  #call(kind: number, id: number, bytes: Buffer, start: number, end: number): void {
    const headers = this.#headers;
    headers.read(bytes, start, end);
    const { procedure, timeoutMs, trace, end: at } = headers;
    // Late calls, and calls of a peer that takes no replies, are safe to send elsewhere: nothing of them was run.
    if (this.#draining || this.outbox.bufferedBytes > MOST_BUFFERED_BYTES) {
      this.outbox.small(frames.REFUSED, id);
      return;
    }
    const notes = this.#notes;
    if (notes !== undefined) this.#notes = undefined;
    const call = new ServerCall(this, id, procedure, timeoutMs, trace, notes?.id === id ? notes : undefined);
    const size = kind === frames.CALL ? end - at : readUint32(bytes, at, end);
    if (size > this.#dispatcher.maxInputBytes) {
      this.#error(id, toErrorData(inputTooLarge(procedure, this.#dispatcher, size)));
      return;
    }
    if (kind === frames.CALL_LARGE && this.bodies.announcedBytes > MOST_ANNOUNCED_BYTES) {
      this.outbox.small(frames.REFUSED, id);
      return;
    }
    call.inputBytes = size;
    if (!this.#calls.put(call)) throw new ProtocolError(`Two calls came under the id ${id}.`);
    if (this.#calls.size === 1) this.heartbeat.wake();
    if (headers.inputStreams) {
      this.#streams.begin(call);
      call.scope = this.#dispatcher.dispatch(call, call);
    } else if (kind === frames.CALL) this.#dispatch(call, bytes, at, end);
    else {
      call.arrivedAt = this.pipe.clock.now();
      this.bodies.announce(id, size);
    }
  }

  protected body(id: number, bytes: Buffer): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    if (call.inflow !== undefined) {
      this.#streams.item(call, call.inflow, bytes, 0, bytes.length);
      return;
    }
    // The caller's time ran on while the input came.
    if (call.timeoutMs !== undefined)
      call.timeoutMs = Math.max(0, call.timeoutMs - (this.pipe.clock.now() - call.arrivedAt));
    this.#dispatch(call, bytes, 0, bytes.length);
  }

  #dispatch(call: ServerCall, bytes: Buffer, start: number, end: number): void {
    try {
      call.input = this.decoder.decode(bytes, start, end);
    } catch (error) {
      call.fail(toErrorData(unreadableInput(call.procedure, this.#dispatcher.self, error)));
      return;
    }
    call.scope = this.#dispatcher.dispatch(call, call);
  }

  #cancel(id: number): void {
    this.outbox.drop(id);
    this.bodies.drop(id);
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    const error = new HadronError("CANCELLED", "The caller no longer wants the answer.");
    call.forget(error);
    call.scope?.cancel(error);
  }

  #error(id: number, error: ErrorData): void {
    this.outbox.begin(frames.ERROR, id);
    this.outbox.endWithValue(toWire(error), frames.LARGE_BYTES);
  }

  #throttle(): void {
    if (!this.#paused && this.outbox.backlogBytes > PAUSE_ABOVE_BYTES) {
      this.#paused = true;
      this.pipe.pause();
    }
  }

  #cancelAll(error: HadronError): void {
    for (const call of this.#calls.clear()) {
      call.forget(error);
      call.scope?.cancel(error);
    }
  }

  protected over(reason: string): void {
    this.#cancelAll(
      new HadronError("CANCELLED", `The connection of the caller ${this.caller.replica ?? this.caller.service} ended.`),
    );
    this.#settleClosed(reason);
  }
}
