import type { HadronError } from "../../../errors.ts";
import type { Cancellable, Scope } from "../../../scope/scope.ts";
import { unfinished } from "../../call-errors.ts";
import { toCallId } from "../../call-id.ts";
import type { IncomingStream } from "../../incoming-stream.ts";
import type { CallSizes, Identified, OutgoingCall } from "../../transport.ts";
import type { Numbered } from "../link/call-table.ts";
import type { InputSender } from "../link/input-sender.ts";

/** Whoever keeps calls. */
export interface CallOwner {
  /** The replica that is called, as messages name it. */
  readonly peer: string;
  /** The connection's name among all. */
  readonly name: string;
  /** Called by a call whose scope ended. */
  cancel(call: ClientCall, error: unknown): void;
}

/** A call under way. It is itself what its scope tells of its end: no closure a call. */
export class ClientCall implements Numbered, Cancellable, Identified {
  id = 0;
  before: Cancellable | undefined = undefined;
  after: Cancellable | undefined = undefined;
  /** When and where its frame was written; no place where the frame also binds the procedure's name. */
  turn = 0;
  frame = -1;
  readonly scope: Scope;
  readonly procedure: string;
  readonly resolve: (value: unknown) => void;
  /** Its output, once it is known to be a stream. */
  stream: IncomingStream<ClientCall> | undefined = undefined;
  /** Its input, where that is a stream. */
  sender: InputSender | undefined = undefined;
  /** Where its sizes go, where somebody asks. */
  readonly sizes: CallSizes | undefined;
  readonly #reject: (error: unknown) => void;
  readonly #connection: CallOwner;

  constructor(
    connection: CallOwner,
    call: OutgoingCall,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#connection = connection;
    this.scope = call.scope;
    this.procedure = call.procedure;
    this.sizes = call.sizes;
    this.resolve = resolve;
    this.#reject = reject;
  }

  get callId(): string {
    return toCallId(this.#connection.name, this.id);
  }

  /** It is over: its scope need not tell it of its end, and no further item of its input goes out. */
  leave(): void {
    this.scope.delete(this);
    const { sender, sizes } = this;
    if (sender === undefined) return;
    sender.stop();
    if (sizes !== undefined) sizes.inputBytes = sender.sentBytes;
  }

  /** Tells whoever waits for the output, or for its next item. */
  reject(error: unknown): void {
    if (this.stream === undefined) this.#reject(error);
    else this.stream.fail(error);
  }

  cancelled(error: HadronError): void {
    // Of a stream that has begun, nobody above says whose it was.
    const told = this.stream === undefined ? error : unfinished(this.#connection.peer, this.procedure, error);
    this.#connection.cancel(this, told);
  }
}
