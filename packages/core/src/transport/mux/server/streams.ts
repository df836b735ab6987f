import { type HadronError, toErrorData } from "../../../errors.ts";
import { IncomingStream, type StreamOwner } from "../../incoming-stream.ts";
import type { Dispatcher } from "../../transport.ts";
import { ProtocolError } from "../frames/frame-parser.ts";
import { CREDIT, END, ITEM, STREAM_WINDOW } from "../frames/frames.ts";
import type { IncomingBodies } from "../frames/incoming-bodies.ts";
import { readUint32 } from "../link/link.ts";
import { itemCost } from "../link/outflow.ts";
import type { Decoder } from "../values/decoder.ts";
import type { ServerCall } from "./call.ts";
import { inputTooLarge, unreadableInput } from "./failures.ts";

/** Takes the frames of inputs that come item by item, and the credit for outputs that go so. */
export class ServerStreams {
  readonly #connection: StreamOwner<ServerCall>;
  readonly #dispatcher: Dispatcher;
  readonly #bodies: IncomingBodies;
  readonly #decoder: Decoder;

  constructor(connection: StreamOwner<ServerCall>, dispatcher: Dispatcher, bodies: IncomingBodies, decoder: Decoder) {
    this.#connection = connection;
    this.#dispatcher = dispatcher;
    this.#bodies = bodies;
    this.#decoder = decoder;
  }

  /** The input of this call comes as a stream. */
  begin(call: ServerCall): void {
    call.inflow = new IncomingStream<ServerCall>(this.#connection, call, STREAM_WINDOW, false);
    call.input = call.inflow;
  }

  frame(call: ServerCall, kind: number, bytes: Buffer, start: number, end: number): void {
    const { id, inflow } = call;
    if (kind === CREDIT) {
      call.outflow?.grant(readUint32(bytes, start, end));
      return;
    }
    if (inflow === undefined) throw new ProtocolError(`An item came for call ${id}, whose input is no stream.`);
    // Late: the handler wants no further items, and has said so.
    if (inflow.over) return;
    if (kind === END) {
      inflow.end();
      return;
    }
    if (!inflow.maySend) throw new ProtocolError(`An item of call ${id} came without credit for it.`);
    const size = kind === ITEM ? end - start : readUint32(bytes, start, end);
    if (size > this.#dispatcher.maxInputBytes) {
      this.#giveUp(call, inputTooLarge(call.procedure, this.#dispatcher, size));
    } else if (kind === ITEM) this.item(call, inflow, bytes, start, end);
    else this.#bodies.announce(id, size);
  }

  item(call: ServerCall, inflow: IncomingStream<ServerCall>, bytes: Buffer, start: number, end: number): void {
    let item: unknown;
    try {
      item = this.#decoder.decode(bytes, start, end);
    } catch (error) {
      this.#giveUp(call, unreadableInput(call.procedure, this.#dispatcher.self, error));
      return;
    }
    call.inputBytes += end - start;
    inflow.push(item, itemCost(end - start));
  }

  /** An item of its input cannot be taken: the call fails of it, whatever its handler would make of that. */
  #giveUp(call: ServerCall, error: HadronError): void {
    call.fail(toErrorData(error));
    call.scope?.cancel(error);
  }
}
