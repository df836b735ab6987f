import { type ErrorData, fromErrorData, HadronError } from "../../../errors.ts";
import { IncomingStream, type StreamOwner } from "../../incoming-stream.ts";
import { isStream } from "../../pump.ts";
import type { Connection, ConnectionState, ConnectOptions, OutgoingCall } from "../../transport.ts";
import { ProtocolError } from "../frames/frame-parser.ts";
import * as frames from "../frames/frames.ts";
import { HeadReader } from "../handshake/head.ts";
import { CallTable } from "../link/call-table.ts";
import { InputSender } from "../link/input-sender.ts";
import { Link, readUint32 } from "../link/link.ts";
import { MOST_BUFFERED_BYTES } from "../link/outbox.ts";
import { itemCost, Outflow } from "../link/outflow.ts";
import type { Pipe } from "../link/pipe.ts";
import { explainNotEncodable } from "../values/explain.ts";
import { type CallOwner, ClientCall } from "./call.ts";
import { readAnswer, toUpgradeRequest } from "./handshake.ts";

const REST_MS = 15_000;
/** Numbers of procedures are u16. */
const MOST_NAMES = 65_535;

/** The calling end of `hadron/1` over a pipe that is, or will be, open. */
export class ClientConnection extends Link implements Connection, CallOwner, StreamOwner<ClientCall> {
  #state: ConnectionState = "connecting";
  readonly #options: ConnectOptions;
  /** Who is at the other end, for messages. */
  readonly peer: string;
  #where: string;
  readonly #calls = new CallTable<ClientCall>();
  readonly #names = new Map<string, number>();
  #lastName = 0;
  #maxInputBytes = Number.POSITIVE_INFINITY;
  #head: HeadReader | undefined = new HeadReader();
  /** Why it never opened: with all that a caller may want to know. */
  #refusal: HadronError | undefined;
  #why = "";
  #resolve: (value: unknown) => void = ignore;
  #reject: (error: unknown) => void = ignore;
  readonly #capture = (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  constructor(pipe: Pipe, address: string, options: ConnectOptions) {
    super(pipe, REST_MS);
    this.#options = options;
    this.peer = options.wanted.replica ?? options.wanted.service;
    this.#where = `${this.peer} at ${address}`;
    pipe.read(this);
    pipe.write([toUpgradeRequest(options.self, options.wanted)]);
    pipe.unref();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  get waiting(): boolean {
    return this.#calls.size > 0 || this.#state === "connecting";
  }

  protected get opening(): boolean {
    return this.#state === "connecting";
  }

  call(call: OutgoingCall): Promise<unknown> {
    const promise = new Promise<unknown>(this.#capture);
    const entry = new ClientCall(this, call, this.#resolve, this.#reject);
    const error = this.#send(entry, call.input);
    if (error !== undefined) entry.reject(error);
    return promise;
  }

  close(): void {
    this.finish("this side closed it");
  }

  cancel(call: ClientCall, error: unknown): void {
    if (this.#calls.get(call.id) !== call) return;
    this.#remove(call);
    this.bodies.drop(call.id);
    // Not sent yet, it never will be: a peer that was slow must not find a heap of calls that nobody waits for.
    if (call.turn === this.outbox.turn && call.frame >= 0) this.outbox.retract(call.id, call.frame);
    else {
      this.outbox.drop(call.id);
      this.outbox.small(frames.CANCEL, call.id);
    }
    call.reject(error);
    this.#rest();
  }

  taken({ id }: ClientCall, cost: number): void {
    this.outbox.small(frames.CREDIT, id, cost);
  }

  unwanted(call: ClientCall): void {
    this.cancel(call, undefined);
  }

  /** Returns why it could not be sent. */
  #send(entry: ClientCall, input: unknown): HadronError | undefined {
    const { scope, procedure } = entry;
    if (scope.error !== undefined) return scope.error;
    if (this.#state === "closed" || this.#state === "draining") return this.#unsent();
    const { outbox } = this;
    if (outbox.bufferedBytes > MOST_BUFFERED_BYTES) {
      const text = `${this.#where} does not read: ${outbox.bufferedBytes} bytes wait for it, and ${MOST_BUFFERED_BYTES} may; try again, or another replica.`;
      return new HadronError("OVERLOADED", text, { unsent: true });
    }
    if (this.#calls.size === 0) {
      this.pipe.ref();
      this.heartbeat.wake();
    }
    const id = this.#calls.number(entry);
    const encoder = outbox.begin(frames.CALL, id);
    const known = this.#names.get(procedure);
    const { trace } = scope;
    const number = known ?? (this.#lastName < MOST_NAMES ? ++this.#lastName : 0);
    encoder.room(frames.CALL_HEADER_BYTES + 512);
    const { bytes, view, at } = encoder;
    view.setUint32(at, toMilliseconds(scope.leftMs), true);
    view.setUint16(at + 4, number, true);
    const streams = isStream(input);
    bytes[at + 6] =
      (known === undefined ? frames.FLAG_NAME : 0) |
      (trace === undefined ? 0 : frames.FLAG_TRACE) |
      (streams ? frames.FLAG_STREAM : 0);
    encoder.at = at + frames.CALL_HEADER_BYTES;
    if (known === undefined) encoder.latin1(procedure);
    if (trace !== undefined) encoder.latin1(trace);
    if (streams) {
      outbox.end();
      entry.sender = this.#createSender(entry, input);
    } else {
      try {
        outbox.endWithValue(input, this.#maxInputBytes);
      } catch (error) {
        this.#calls.delete(id);
        this.#rest();
        return this.#explainInput(procedure, error, input);
      }
    }
    entry.turn = outbox.turn;
    if (known !== undefined) entry.frame = outbox.lastFrame;
    else if (number !== 0) this.#names.set(procedure, number);
    scope.add(entry);
    // A getter of the input may have ended it.
    if (scope.error !== undefined) this.cancel(entry, scope.error);
    return undefined;
  }

  #createSender(entry: ClientCall, input: AsyncIterable<unknown>): InputSender {
    const open = (source: { resume(): void }, credit: number) => {
      const explain = (error: unknown, item: unknown) => this.#explainInput(entry.procedure, error, item);
      return new Outflow(this.outbox, entry.id, credit, this.#maxInputBytes, source, explain);
    };
    return new InputSender(input, open, (error) => {
      if (this.#calls.get(entry.id) !== entry) return;
      if (error === undefined) this.outbox.small(frames.END, entry.id);
      else this.cancel(entry, error);
    });
  }

  #explainInput(procedure: string, error: unknown, input: unknown): HadronError {
    return explainNotEncodable(error, input, "input", `${procedure} of ${this.peer}`, this.#maxInputBytes);
  }

  override data(chunk: Buffer): void {
    if (this.#head === undefined) {
      this.frames(chunk);
      return;
    }
    this.heartbeat.heard();
    try {
      const read = this.#head.push(chunk);
      if (read === undefined) return;
      this.#head = undefined;
      this.#maxInputBytes = readAnswer(read.head, this.#options.wanted, this.#where).maxInputBytes;
      this.#become("open");
      this.outbox.open();
      if (read.rest.length > 0) this.frames(read.rest);
    } catch (error) {
      if (error instanceof HadronError) this.#refusal = error;
      this.finish(error instanceof Error ? error.message : String(error));
    }
  }

  override ended(error: Error | undefined): void {
    const begin = this.#head?.begin;
    if (begin) this.finish(`it speaks another protocol: it said "${begin}" and closed the connection`);
    else super.ended(error);
  }

  protected frame(kind: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (kind === frames.GOAWAY) {
      if (this.#state === "open") this.#become("draining");
      this.#rest();
      return;
    }
    if (kind >= frames.STREAM) {
      this.#streamFrame(kind, id, bytes, start, end);
      return;
    }
    if (kind !== frames.REPLY && kind !== frames.REPLY_LARGE && kind !== frames.ERROR && kind !== frames.REFUSED) {
      throw new ProtocolError(`A frame of kind ${kind} came, which a callee does not send.`);
    }
    const call = this.#calls.get(id);
    // Late: the call was cancelled.
    if (call === undefined) return;
    if (call.stream !== undefined && kind !== frames.ERROR)
      throw new ProtocolError(`A frame of kind ${kind} came for call ${id}, whose output is a stream.`);
    if (kind === frames.REPLY) {
      this.#reply(call, bytes, start, end);
      return;
    }
    if (kind === frames.REPLY_LARGE) {
      const length = readUint32(bytes, start, end);
      if (length <= this.#options.maxOutputBytes) {
        this.bodies.announce(id, length);
        return;
      }
      this.outbox.small(frames.CANCEL, id);
      this.#fail(call, this.#tooLarge(call, length));
      return;
    }
    this.outbox.drop(id);
    if (kind === frames.REFUSED) {
      const text = `${this.#where} did not take the call: it is being stopped, or too much waits in its connection; try again, or another replica.`;
      this.#fail(call, new HadronError("UNAVAILABLE", text, { unsent: true }));
      return;
    }
    this.#fail(call, this.#readError(bytes, start, end));
  }

  protected body(id: number, bytes: Buffer): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    if (call.stream === undefined) this.#reply(call, bytes, 0, bytes.length);
    else this.#item(call, call.stream, bytes, 0, bytes.length);
  }

  #streamFrame(kind: number, id: number, bytes: Buffer, start: number, end: number): void {
    const call = this.#calls.get(id);
    // Late: the call was cancelled.
    if (call === undefined) return;
    if (kind === frames.CREDIT || kind === frames.STOP) {
      if (call.sender === undefined)
        throw new ProtocolError(`Credit came for the input of call ${id}, which is no stream.`);
      if (kind === frames.STOP) call.sender.stop();
      else call.sender.grant(readUint32(bytes, start, end));
      return;
    }
    if (kind === frames.STREAM) {
      if (call.stream !== undefined) throw new ProtocolError(`Two streams came under the id ${id}.`);
      const stream = new IncomingStream<ClientCall>(this, call, frames.STREAM_WINDOW, true);
      call.stream = stream;
      call.resolve(stream);
      return;
    }
    const { stream } = call;
    if (stream === undefined)
      throw new ProtocolError(`A frame of kind ${kind} came for call ${id}, which is no stream.`);
    if (kind === frames.END) {
      this.#remove(call);
      stream.end();
      this.#rest();
      return;
    }
    if (kind !== frames.ITEM && kind !== frames.ITEM_LARGE) {
      throw new ProtocolError(`A frame of kind ${kind} came, which a callee does not send.`);
    }
    if (!stream.maySend) throw new ProtocolError(`An item of call ${id} came without credit for it.`);
    if (kind === frames.ITEM) {
      this.#item(call, stream, bytes, start, end);
      return;
    }
    const length = readUint32(bytes, start, end);
    if (length <= this.#options.maxOutputBytes) this.bodies.announce(id, length);
    else this.cancel(call, this.#tooLarge(call, length));
  }

  #item(call: ClientCall, stream: IncomingStream<ClientCall>, bytes: Buffer, start: number, end: number): void {
    if (end - start > this.#options.maxOutputBytes) {
      this.cancel(call, this.#tooLarge(call, end - start));
      return;
    }
    let item: unknown;
    try {
      item = this.decoder.decode(bytes, start, end);
    } catch (cause) {
      this.cancel(call, this.#unreadable(call, cause));
      return;
    }
    stream.push(item, itemCost(end - start));
  }

  #reply(call: ClientCall, bytes: Buffer, start: number, end: number): void {
    if (end - start > this.#options.maxOutputBytes) {
      this.#fail(call, this.#tooLarge(call, end - start));
      return;
    }
    let output: unknown;
    try {
      output = this.decoder.decode(bytes, start, end);
    } catch (cause) {
      this.#fail(call, this.#unreadable(call, cause));
      return;
    }
    this.#remove(call);
    call.resolve(output);
    if (this.#calls.size === 0) this.#rest();
  }

  #fail(call: ClientCall, error: HadronError): void {
    this.#remove(call);
    call.reject(error);
    this.#rest();
  }

  #readError(bytes: Buffer, start: number, end: number): HadronError {
    try {
      return fromErrorData(this.decoder.decode(bytes, start, end) as ErrorData);
    } catch (cause) {
      return new HadronError("INTERNAL", `${this.#where} answered with an error that cannot be read.`, { cause });
    }
  }

  #unreadable(call: ClientCall, cause: unknown): HadronError {
    const text = `The output of ${call.procedure} of ${this.#where} cannot be read: ${(cause as Error).message}`;
    return new HadronError("INVALID_OUTPUT", text, { cause });
  }

  #tooLarge(call: ClientCall, length: number): HadronError {
    const limit = this.#options.maxOutputBytes;
    return new HadronError(
      "TOO_LARGE",
      `The output of ${call.procedure} of ${this.peer} is ${length} bytes, and ${limit} are accepted; raise limits.outputBytes of the service, or send less.`,
    );
  }

  #remove(call: ClientCall): void {
    this.#calls.delete(call.id);
    call.scope.delete(call);
    if (call.sender !== undefined) call.sender.stop();
    if (call.stream !== undefined) this.bodies.drop(call.id);
  }

  /** Nothing is under way: it keeps no process alive, and is closed if its other end wants to stop. */
  #rest(): void {
    if (this.#calls.size > 0 || this.#state === "closed") return;
    this.pipe.unref();
    if (this.#state === "draining") this.finish("the other side was stopped");
  }

  #become(state: ConnectionState): void {
    this.#state = state;
    this.#options.stateChanged(state);
  }

  #unsent(): HadronError {
    if (this.#refusal !== undefined) return this.#refusal;
    const why = this.#state === "draining" ? "it is being stopped" : this.#why;
    return new HadronError("UNAVAILABLE", `${this.#where} cannot be called: ${why}.`, { unsent: true });
  }

  protected over(reason: string): void {
    const never = this.#state === "connecting";
    this.#why = never ? `the connection was not made: ${reason}` : `the connection ended: ${reason}`;
    this.#state = "closed";
    const calls = this.#calls.clear();
    for (const call of calls) {
      call.scope.delete(call);
      call.sender?.stop();
      // What has not been handed to the pipe cannot have been run.
      if (never || !this.outbox.isHanded(call.id, call.turn)) call.reject(this.#unsent());
      else {
        const text = `${call.procedure} of ${this.#where} was under way when ${this.#why}; whether it ran is not known.`;
        // Of a stream that has begun, nobody above says where it broke.
        const path = call.stream === undefined ? [] : [this.peer];
        call.reject(new HadronError("UNAVAILABLE", text, { path }));
      }
    }
    this.#options.stateChanged("closed");
  }
}

function ignore(): void {}

/** Rounded down, so that a deadline never grows on its way; but not to none at all. */
function toMilliseconds(leftMs: number): number {
  return leftMs >= frames.NO_DEADLINE ? frames.NO_DEADLINE : Math.max(1, Math.floor(leftMs));
}
