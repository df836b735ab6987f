import { HadronError } from "../../../errors.ts";
import { createCallIdPrefix } from "../../call-id.ts";
import { isStream } from "../../pump.ts";
import type { Connection, ConnectionOptions, ConnectionState, ItemSource, OutgoingCall } from "../../transport.ts";
import { ProtocolError } from "../frames/frame-parser.ts";
import * as frames from "../frames/frames.ts";
import { HeadReader } from "../handshake/head.ts";
import { CallTable } from "../link/call-table.ts";
import { InputSender } from "../link/input-sender.ts";
import { Link, readUint32 } from "../link/link.ts";
import { MOST_BUFFERED_BYTES } from "../link/outbox.ts";
import { Outflow } from "../link/outflow.ts";
import type { Pipe } from "../link/pipe.ts";
import { explainNotEncodable } from "../values/explain.ts";
import { type CallOwner, ClientCall } from "./call.ts";
import { CallHeaderWriter } from "./call-header.ts";
import {
  doesNotRead,
  interrupted,
  notCallable,
  outputTooLarge,
  readError,
  refused,
  unreadableOutput,
} from "./failures.ts";
import { readAnswer, toUpgradeRequest } from "./handshake.ts";
import { ClientStreams, type StreamingConnection } from "./streams.ts";

const REST_MS = 15_000;

/** The calling end of `hadron/1` over a pipe that is, or will be, open. */
export class ClientConnection extends Link implements Connection, CallOwner, StreamingConnection {
  #state: ConnectionState = "connecting";
  readonly #options: ConnectionOptions;
  /** Who is at the other end, for messages. */
  readonly peer: string;
  /** The same, with its address. */
  readonly where: string;
  readonly maxOutputBytes: number;
  readonly name: string;
  readonly #calls = new CallTable<ClientCall>();
  readonly #streams = new ClientStreams(this, this.bodies, this.decoder);
  readonly #headers = new CallHeaderWriter();
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

  constructor(pipe: Pipe, address: string, options: ConnectionOptions) {
    super(pipe, REST_MS);
    this.name = createCallIdPrefix(pipe.clock);
    this.#options = options;
    this.peer = options.wanted.replica ?? options.wanted.service;
    this.maxOutputBytes = options.maxOutputBytes;
    this.where = `${this.peer} at ${address}`;
    pipe.read(this);
    pipe.write([toUpgradeRequest(options.self, options.wanted, this.name)]);
    pipe.unref();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  get lastNumber(): number {
    return this.#calls.last;
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
    const error = this.#send(entry, call);
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
  #send(entry: ClientCall, call: OutgoingCall): HadronError | undefined {
    const { scope, procedure, input, identity } = call;
    if (scope.error !== undefined) return scope.error;
    if (this.#state === "closed" || this.#state === "draining") return this.#unsent();
    const { outbox } = this;
    if (outbox.bufferedBytes > MOST_BUFFERED_BYTES) return doesNotRead(this.where, outbox.bufferedBytes);
    if (this.#calls.size === 0) {
      this.pipe.ref();
      this.heartbeat.wake();
    }
    const id = this.#calls.number(entry);
    if (scope.meta !== undefined) this.#note(id, frames.NOTE_META, scope.meta);
    if (identity === undefined) call.identity = entry;
    else this.#note(id, frames.NOTE_ID, identity.callId);
    const encoder = outbox.begin(frames.CALL, id);
    const streams = isStream(input);
    const bound = this.#headers.write(encoder, scope, procedure, streams);
    if (streams) {
      outbox.end();
      entry.sender = this.#createSender(entry, input);
    } else {
      try {
        const bytes = outbox.endWithValue(input, this.#maxInputBytes);
        if (entry.sizes !== undefined) entry.sizes.inputBytes = bytes;
      } catch (error) {
        this.#calls.delete(id);
        this.#rest();
        return this.#explainInput(procedure, error, input);
      }
    }
    entry.turn = outbox.turn;
    if (bound === 0) entry.frame = outbox.lastFrame;
    else this.#headers.bind(procedure, bound);
    scope.add(entry);
    // A getter of the input may have ended it.
    if (scope.error !== undefined) this.cancel(entry, scope.error);
    return undefined;
  }

  #note(id: number, what: number, text: string): void {
    const encoder = this.outbox.begin(frames.SKIP, id);
    encoder.room(1 + text.length);
    encoder.bytes[encoder.at] = what;
    encoder.bytes.latin1Write(text, encoder.at + 1, text.length);
    encoder.at += 1 + text.length;
    this.outbox.end();
  }

  #createSender(entry: ClientCall, input: AsyncIterable<unknown>): InputSender {
    const open = (source: ItemSource, credit: number) => {
      const explain = (error: unknown, item: unknown) => this.#explainInput(entry.procedure, error, item);
      return new Outflow(this.outbox, entry.id, credit, this.#maxInputBytes, source, explain);
    };
    return new InputSender(input, this.pipe.clock, open, (error) => {
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
      this.#maxInputBytes = readAnswer(read.head, this.#options.wanted, this.where).maxInputBytes;
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
      const call = this.#calls.get(id);
      // Late: the call was cancelled.
      if (call !== undefined) this.#streams.frame(call, kind, bytes, start, end);
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
      if (length <= this.maxOutputBytes) {
        this.bodies.announce(id, length);
        return;
      }
      this.outbox.small(frames.CANCEL, id);
      this.#fail(call, outputTooLarge(call.procedure, this.peer, length, this.maxOutputBytes));
      return;
    }
    this.outbox.drop(id);
    if (kind === frames.REFUSED) {
      this.#fail(call, refused(this.where));
      return;
    }
    this.#fail(call, readError(this.decoder, this.where, bytes, start, end));
  }

  protected body(id: number, bytes: Buffer): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    if (call.stream === undefined) this.#reply(call, bytes, 0, bytes.length);
    else this.#streams.item(call, call.stream, bytes, 0, bytes.length);
  }

  #reply(call: ClientCall, bytes: Buffer, start: number, end: number): void {
    if (end - start > this.maxOutputBytes) {
      this.#fail(call, outputTooLarge(call.procedure, this.peer, end - start, this.maxOutputBytes));
      return;
    }
    let output: unknown;
    try {
      output = this.decoder.decode(bytes, start, end);
    } catch (cause) {
      this.#fail(call, unreadableOutput(call.procedure, this.where, cause));
      return;
    }
    if (call.sizes !== undefined) call.sizes.outputBytes = end - start;
    this.#remove(call);
    call.resolve(output);
    if (this.#calls.size === 0) this.#rest();
  }

  #fail(call: ClientCall, error: HadronError): void {
    this.#remove(call);
    call.reject(error);
    this.#rest();
  }

  done(call: ClientCall): void {
    this.#remove(call);
    this.#rest();
  }

  #remove(call: ClientCall): void {
    this.#calls.delete(call.id);
    call.leave();
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
    return notCallable(this.where, why);
  }

  protected over(reason: string): void {
    const never = this.#state === "connecting";
    this.#why = never ? `the connection was not made: ${reason}` : `the connection ended: ${reason}`;
    this.#state = "closed";
    const calls = this.#calls.clear();
    for (const call of calls) {
      call.leave();
      // What has not been handed to the pipe cannot have been run.
      if (never || !this.outbox.isHanded(call.id, call.turn)) call.reject(this.#unsent());
      else {
        // Of a stream that has begun, nobody above says where it broke.
        const path = call.stream === undefined ? [] : [this.peer];
        call.reject(interrupted(call.procedure, this.where, this.#why, path));
      }
    }
    this.#options.stateChanged("closed");
  }
}

function ignore(): void {}
