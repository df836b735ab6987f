import { type ErrorData, HadronError, toErrorData } from "../../../errors.ts";
import { IncomingStream, type StreamOwner } from "../../incoming-stream.ts";
import { streamOver } from "../../pump.ts";
import type { Dispatcher, Hello } from "../../transport.ts";
import { ProtocolError } from "../frames/frame-parser.ts";
import * as frames from "../frames/frames.ts";
import { CallTable } from "../link/call-table.ts";
import { Link, readUint32 } from "../link/link.ts";
import { MOST_BUFFERED_BYTES } from "../link/outbox.ts";
import { itemCost, Outflow, type Source } from "../link/outflow.ts";
import type { Pipe } from "../link/pipe.ts";
import { explainNotEncodable } from "../values/explain.ts";
import { type ReplyTaker, ServerCall } from "./call.ts";

const REST_MS = 45_000;
/** A peer that takes no replies gets no further calls read. */
const PAUSE_ABOVE_BYTES = 8 * 1024 * 1024;
/** Inputs on their way in from one caller; one more is refused, and can safely be sent again. */
export const MOST_ANNOUNCED_BYTES = 256 * 1024 * 1024;
/** How long answers may take to leave once the connection is to be closed. */
const CLOSE_MS = 1000;
/** A longer message of an error is cut. */
const MOST_MESSAGE_CHARACTERS = 16 * 1024;

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
  readonly #dispatcher: Dispatcher;
  readonly #callerName: string | undefined;
  readonly #calls = new CallTable<ServerCall>();
  readonly #names: (string | undefined)[] = [undefined];
  readonly #settleClosed: (reason: string) => void;
  #draining = false;
  #paused = false;

  constructor(pipe: Pipe, caller: Hello, dispatcher: Dispatcher) {
    super(pipe, REST_MS);
    this.caller = caller;
    this.#callerName = caller.replica ?? (caller.service || undefined);
    this.#dispatcher = dispatcher;
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
    const deadlineAt = performance.now() + CLOSE_MS;
    const tryEnd = () => {
      this.outbox.flush();
      if (this.outbox.pendingBytes === 0) this.pipe.end();
      else if (performance.now() < deadlineAt) setTimeout(tryEnd, 5);
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
      this.outbox.endWithValue(output, this.#dispatcher.maxOutputBytes);
    } catch (error) {
      this.#error(call.id, toErrorData(this.#explainOutput(call, error, output)));
    }
    this.#throttle();
  }

  fail(call: ServerCall, error: ErrorData): void {
    this.#calls.delete(call.id);
    call.endStreams(streamOver());
    this.#error(call.id, error);
    this.#throttle();
  }

  open(call: ServerCall, source: Source): Outflow {
    this.outbox.small(frames.STREAM, call.id);
    const explain = (error: unknown, item: unknown) => this.#explainOutput(call, error, item);
    return new Outflow(this.outbox, call.id, frames.STREAM_WINDOW, this.#dispatcher.maxOutputBytes, source, explain);
  }

  taken(call: ServerCall, cost: number): void {
    if (this.#calls.get(call.id) === call) this.outbox.small(frames.CREDIT, call.id, cost);
  }

  unwanted(call: ServerCall): void {
    this.bodies.drop(call.id);
    if (this.#calls.get(call.id) === call) this.outbox.small(frames.STOP, call.id);
  }

  #explainOutput({ procedure }: ServerCall, error: unknown, output: unknown): HadronError {
    const { self, maxOutputBytes } = this.#dispatcher;
    return explainNotEncodable(
      error,
      output,
      "output",
      `${procedure} of ${self.replica ?? self.service}`,
      maxOutputBytes,
    );
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

  #call(kind: number, id: number, bytes: Buffer, start: number, end: number): void {
    const milliseconds = readUint32(bytes, start, end);
    let at = start + frames.CALL_HEADER_BYTES;
    if (at > end) throw new ProtocolError("A call ends in its header.");
    const number = bytes[start + 4]! | (bytes[start + 5]! << 8);
    const flags = bytes[start + 6]!;
    let procedure = this.#names[number];
    if (flags & frames.FLAG_NAME) {
      const length = shortLength(bytes, at, end);
      const name = bytes.latin1Slice(at + 1, at + 1 + length);
      at += 1 + length;
      if (number !== 0) this.#bind(number, name);
      procedure = name;
    }
    if (procedure === undefined) throw new ProtocolError(`A call names procedure ${number}, which has no name yet.`);
    let trace: string | undefined;
    if (flags & frames.FLAG_TRACE) {
      const length = shortLength(bytes, at, end);
      trace = bytes.latin1Slice(at + 1, at + 1 + length);
      at += 1 + length;
    }
    // Late calls, and calls of a peer that takes no replies, are safe to send elsewhere: nothing of them was run.
    if (this.#draining || this.outbox.bufferedBytes > MOST_BUFFERED_BYTES) {
      this.outbox.small(frames.REFUSED, id);
      return;
    }
    const timeoutMs = milliseconds === frames.NO_DEADLINE ? undefined : milliseconds;
    const call = new ServerCall(this, id, procedure, timeoutMs, trace, this.#callerName);
    const size = kind === frames.CALL ? end - at : readUint32(bytes, at, end);
    if (size > this.#dispatcher.maxInputBytes) {
      this.#error(id, this.#tooLarge(procedure, size));
      return;
    }
    if (kind === frames.CALL_LARGE && this.bodies.announcedBytes > MOST_ANNOUNCED_BYTES) {
      this.outbox.small(frames.REFUSED, id);
      return;
    }
    if (!this.#calls.put(call)) throw new ProtocolError(`Two calls came under the id ${id}.`);
    if (this.#calls.size === 1) this.heartbeat.wake();
    if (flags & frames.FLAG_STREAM) {
      call.inflow = new IncomingStream<ServerCall>(this, call, frames.STREAM_WINDOW, false);
      call.input = call.inflow;
      call.scope = this.#dispatcher.dispatch(call, call);
    } else if (kind === frames.CALL) this.#dispatch(call, bytes, at, end);
    else {
      call.arrivedAt = performance.now();
      this.bodies.announce(id, size);
    }
  }

  protected body(id: number, bytes: Buffer): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    if (call.inflow !== undefined) {
      this.#item(call, call.inflow, bytes, 0, bytes.length);
      return;
    }
    // The caller's time ran on while the input came.
    if (call.timeoutMs !== undefined)
      call.timeoutMs = Math.max(0, call.timeoutMs - (performance.now() - call.arrivedAt));
    this.#dispatch(call, bytes, 0, bytes.length);
  }

  #streamFrame(kind: number, id: number, bytes: Buffer, start: number, end: number): void {
    const call = this.#calls.get(id);
    // Late: it has been answered.
    if (call === undefined) return;
    if (kind === frames.CREDIT) {
      call.outflow?.grant(readUint32(bytes, start, end));
      return;
    }
    const { inflow } = call;
    if (inflow === undefined) throw new ProtocolError(`An item came for call ${id}, whose input is no stream.`);
    // Late: the handler wants no further items, and has said so.
    if (inflow.over) return;
    if (kind === frames.END) {
      inflow.end();
      return;
    }
    if (!inflow.maySend) throw new ProtocolError(`An item of call ${id} came without credit for it.`);
    const size = kind === frames.ITEM ? end - start : readUint32(bytes, start, end);
    if (size > this.#dispatcher.maxInputBytes) {
      this.#giveUp(call, new HadronError("TOO_LARGE", this.#tooLarge(call.procedure, size).message));
    } else if (kind === frames.ITEM) this.#item(call, inflow, bytes, start, end);
    else this.bodies.announce(id, size);
  }

  #item(call: ServerCall, inflow: IncomingStream<ServerCall>, bytes: Buffer, start: number, end: number): void {
    let item: unknown;
    try {
      item = this.decoder.decode(bytes, start, end);
    } catch (error) {
      this.#giveUp(call, this.#unreadable(call.procedure, error));
      return;
    }
    inflow.push(item, itemCost(end - start));
  }

  /** An item of its input cannot be taken: the call fails of it, whatever its handler would make of that. */
  #giveUp(call: ServerCall, error: HadronError): void {
    call.fail(toErrorData(error));
    call.scope?.cancel(error);
  }

  #unreadable(procedure: string, error: unknown): HadronError {
    const { self } = this.#dispatcher;
    const text = `The input of ${procedure} of ${self.replica ?? self.service} cannot be read: ${(error as Error).message}`;
    return new HadronError("INVALID_INPUT", text);
  }

  #dispatch(call: ServerCall, bytes: Buffer, start: number, end: number): void {
    try {
      call.input = this.decoder.decode(bytes, start, end);
    } catch (error) {
      call.fail(toErrorData(this.#unreadable(call.procedure, error)));
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

  #bind(number: number, procedure: string): void {
    // Names may come out of order by a few, not by thousands: the list grows by what is really named.
    if (number > this.#names.length + 1024)
      throw new ProtocolError(`A call names procedure ${number} after ${this.#names.length - 1}.`);
    while (this.#names.length <= number) this.#names.push(undefined);
    this.#names[number] = procedure;
  }

  #error(id: number, { code, message, retryable, path, retryAfterMs }: ErrorData): void {
    const cut = message.length > MOST_MESSAGE_CHARACTERS ? `${message.slice(0, MOST_MESSAGE_CHARACTERS)}…` : message;
    const data = {
      code,
      message: cut,
      retryable,
      path: path.slice(0, 64),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
    this.outbox.begin(frames.ERROR, id);
    this.outbox.endWithValue(data, frames.LARGE_BYTES);
  }

  #tooLarge(procedure: string, size: number): ErrorData {
    const { self, maxInputBytes } = this.#dispatcher;
    return toErrorData(
      new HadronError(
        "TOO_LARGE",
        `The input of ${procedure} of ${self.replica ?? self.service} is ${size} bytes, and its limit ${maxInputBytes}; raise limits.inputBytes of the service, or send less.`,
      ),
    );
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
    this.#cancelAll(new HadronError("CANCELLED", `The connection of the caller ${this.#callerName ?? ""} ended.`));
    this.#settleClosed(reason);
  }
}

function shortLength(bytes: Buffer, at: number, end: number): number {
  const length = at < end ? bytes[at]! : 255;
  if (at + 1 + length > end) throw new ProtocolError("A call ends in its header.");
  return length;
}
