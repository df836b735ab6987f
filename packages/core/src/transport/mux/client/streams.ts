import { IncomingStream, type StreamOwner } from "../../incoming-stream.ts";
import { ProtocolError } from "../frames/frame-parser.ts";
import { CREDIT, END, ITEM, ITEM_LARGE, STOP, STREAM, STREAM_WINDOW } from "../frames/frames.ts";
import type { IncomingBodies } from "../frames/incoming-bodies.ts";
import { readUint32 } from "../link/link.ts";
import { itemCost } from "../link/outflow.ts";
import type { Decoder } from "../values/decoder.ts";
import type { ClientCall } from "./call.ts";
import { outputTooLarge, unreadableOutput } from "./failures.ts";

/** The connection, as its streams see it. */
export interface StreamingConnection extends StreamOwner<ClientCall> {
  readonly peer: string;
  /** The replica and its address, for messages. */
  readonly where: string;
  readonly maxOutputBytes: number;
  cancel(call: ClientCall, error: unknown): void;
  /** The call is over: its last item has come. */
  done(call: ClientCall): void;
}

/** Takes the frames of outputs that come item by item, and the credit for inputs that go so. */
export class ClientStreams {
  readonly #connection: StreamingConnection;
  readonly #bodies: IncomingBodies;
  readonly #decoder: Decoder;

  constructor(connection: StreamingConnection, bodies: IncomingBodies, decoder: Decoder) {
    this.#connection = connection;
    this.#bodies = bodies;
    this.#decoder = decoder;
  }

  frame(call: ClientCall, kind: number, bytes: Buffer, start: number, end: number): void {
    const { id } = call;
    if (kind === CREDIT || kind === STOP) {
      if (call.sender === undefined)
        throw new ProtocolError(`Credit came for the input of call ${id}, which is no stream.`);
      if (kind === STOP) call.sender.stop();
      else call.sender.grant(readUint32(bytes, start, end));
      return;
    }
    if (kind === STREAM) {
      if (call.stream !== undefined) throw new ProtocolError(`Two streams came under the id ${id}.`);
      const stream = new IncomingStream<ClientCall>(this.#connection, call, STREAM_WINDOW, true);
      call.stream = stream;
      if (call.sizes !== undefined) call.sizes.outputBytes = 0;
      call.resolve(stream);
      return;
    }
    const { stream } = call;
    if (stream === undefined)
      throw new ProtocolError(`A frame of kind ${kind} came for call ${id}, which is no stream.`);
    if (kind === END) {
      this.#connection.done(call);
      stream.end();
      return;
    }
    if (kind !== ITEM && kind !== ITEM_LARGE) {
      throw new ProtocolError(`A frame of kind ${kind} came, which a callee does not send.`);
    }
    if (!stream.maySend) throw new ProtocolError(`An item of call ${id} came without credit for it.`);
    if (kind === ITEM) {
      this.item(call, stream, bytes, start, end);
      return;
    }
    const length = readUint32(bytes, start, end);
    if (length <= this.#connection.maxOutputBytes) this.#bodies.announce(id, length);
    else this.#tooLarge(call, length);
  }

  item(call: ClientCall, stream: IncomingStream<ClientCall>, bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    if (end - start > connection.maxOutputBytes) {
      this.#tooLarge(call, end - start);
      return;
    }
    let item: unknown;
    try {
      item = this.#decoder.decode(bytes, start, end);
    } catch (cause) {
      connection.cancel(call, unreadableOutput(call.procedure, connection.where, cause));
      return;
    }
    const { sizes } = call;
    if (sizes !== undefined) sizes.outputBytes = (sizes.outputBytes ?? 0) + end - start;
    stream.push(item, itemCost(end - start));
  }

  #tooLarge(call: ClientCall, length: number): void {
    const { peer, maxOutputBytes } = this.#connection;
    this.#connection.cancel(call, outputTooLarge(call.procedure, peer, length, maxOutputBytes));
  }
}
