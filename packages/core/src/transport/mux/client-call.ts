import type { Cancellable, Scope } from "../../call/scope.ts";
import type { HadronError } from "../../errors.ts";
import type { OutgoingCall } from "../transport.ts";
import type { Numbered } from "./call-table.ts";

/** Whoever keeps calls. */
export interface CallOwner {
  /** Called by a call whose scope ended. */
  cancel(call: ClientCall, error: HadronError): void;
}

/** A call under way. It is itself what its scope tells of its end: no closure a call. */
export class ClientCall implements Numbered, Cancellable {
  id = 0;
  /** When and where its frame was written; no place where the frame also binds the procedure's name. */
  turn = 0;
  frame = -1;
  readonly scope: Scope;
  readonly procedure: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: HadronError) => void;
  readonly #connection: CallOwner;

  constructor(
    connection: CallOwner,
    call: OutgoingCall,
    resolve: (value: unknown) => void,
    reject: (error: HadronError) => void,
  ) {
    this.#connection = connection;
    this.scope = call.scope;
    this.procedure = call.procedure;
    this.resolve = resolve;
    this.reject = reject;
  }

  cancelled(error: HadronError): void {
    this.#connection.cancel(this, error);
  }
}
