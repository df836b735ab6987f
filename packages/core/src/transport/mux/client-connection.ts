import { type ErrorData, fromErrorData, HadronError } from "../../errors.ts";
import type { Connection, ConnectionState, ConnectOptions, OutgoingCall } from "../transport.ts";
import { CallTable } from "./call-table.ts";
import { type CallOwner, ClientCall } from "./client-call.ts";
import { ProtocolError } from "./frame-parser.ts";
import * as frames from "./frames.ts";
import { HeadReader, readAnswer, toUpgradeRequest } from "./handshake.ts";
import { Link, readUint32 } from "./link.ts";
import { MOST_BUFFERED_BYTES } from "./outbox.ts";
import type { Pipe } from "./pipe.ts";
import { explainNotEncodable } from "./values/explain.ts";

const REST_MS = 15_000;
/** Numbers of procedures are u16. */
const MOST_NAMES = 65_535;

/** The calling end of `hadron/1` over a pipe that is, or will be, open. */
export class ClientConnection extends Link implements Connection, CallOwner {
  #state: ConnectionState = "connecting";
  readonly #options: ConnectOptions;
  /** Who is at the other end, for messages. */
  readonly #peer: string;
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
  #reject: (error: HadronError) => void = ignore;
  readonly #capture = (resolve: (value: unknown) => void, reject: (error: HadronError) => void) => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  constructor(pipe: Pipe, address: string, options: ConnectOptions) {
    super(pipe, REST_MS);
    this.#options = options;
    this.#peer = options.wanted.replica ?? options.wanted.service;
    this.#where = `${this.#peer} at ${address}`;
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

  cancel(call: ClientCall, error: HadronError): void {
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
    bytes[at + 6] = (known === undefined ? frames.FLAG_NAME : 0) | (trace === undefined ? 0 : frames.FLAG_TRACE);
    encoder.at = at + frames.CALL_HEADER_BYTES;
    if (known === undefined) encoder.latin1(procedure);
    if (trace !== undefined) encoder.latin1(trace);
    try {
      outbox.endWithValue(input, this.#maxInputBytes);
    } catch (error) {
      this.#calls.delete(id);
      this.#rest();
      return explainNotEncodable(error, input, "input", `${procedure} of ${this.#peer}`, this.#maxInputBytes);
    }
    entry.turn = outbox.turn;
    if (known !== undefined) entry.frame = outbox.lastFrame;
    else if (number !== 0) this.#names.set(procedure, number);
    scope.add(entry);
    // A getter of the input may have ended it.
    if (scope.error !== undefined) this.cancel(entry, scope.error);
    return undefined;
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
    if (kind !== frames.REPLY && kind !== frames.REPLY_LARGE && kind !== frames.ERROR && kind !== frames.REFUSED) {
      throw new ProtocolError(`A frame of kind ${kind} came, which a callee does not send.`);
    }
    const call = this.#calls.get(id);
    // Late: the call was cancelled.
    if (call === undefined) return;
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
    if (call !== undefined) this.#reply(call, bytes, 0, bytes.length);
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
      const text = `The output of ${call.procedure} of ${this.#where} cannot be read: ${(cause as Error).message}`;
      this.#fail(call, new HadronError("INVALID_OUTPUT", text, { cause }));
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

  #tooLarge(call: ClientCall, length: number): HadronError {
    const limit = this.#options.maxOutputBytes;
    return new HadronError(
      "TOO_LARGE",
      `The output of ${call.procedure} of ${this.#peer} is ${length} bytes, and ${limit} are accepted; raise limits.outputBytes of the service, or send less.`,
    );
  }

  #remove(call: ClientCall): void {
    this.#calls.delete(call.id);
    call.scope.delete(call);
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
      // What has not been handed to the pipe cannot have been run.
      if (never || !this.outbox.isHanded(call.id, call.turn)) call.reject(this.#unsent());
      else {
        const text = `${call.procedure} of ${this.#where} was under way when ${this.#why}; whether it ran is not known.`;
        call.reject(new HadronError("UNAVAILABLE", text));
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
