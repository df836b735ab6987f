import { HadronError } from "../../errors.ts";
import type { Scope } from "../../scope/scope.ts";
import type { CallSizes, Identified, OutgoingCall } from "../../transport/transport.ts";
import type { Candidate } from "./candidate.ts";

/** One call on its way, however many tries it takes. */
export class TriedCall implements OutgoingCall {
  readonly procedure: string;
  readonly input: unknown;
  readonly scope: Scope;
  identity: Identified | undefined;
  /** Tries that reached a replica. */
  tries = 0;
  /** The replica that was asked last, and when. */
  candidate: Candidate | undefined = undefined;
  sentAt = 0;
  /** Another replica may answer first. */
  hedged = false;
  /** Where the connection says how large this try was, while an observer is told. */
  sizes: CallSizes | undefined = undefined;
  /** Why the last try failed. */
  error: HadronError | undefined = undefined;

  constructor(procedure: string, input: unknown, scope: Scope, identity: Identified | undefined) {
    this.procedure = procedure;
    this.input = input;
    this.scope = scope;
    this.identity = identity;
  }
}

/** An id that whoever calls gave. WRONG_USE where it cannot be one: it may travel in a header. */
export function toIdentity(id: string | undefined): Identified | undefined {
  if (id === undefined) return undefined;
  if (/^[\x21-\x7e]{1,255}$/.test(id)) return { callId: id };
  throw new HadronError(
    "WRONG_USE",
    `id is ${JSON.stringify(id).slice(0, 100)}, and should be 1 to 255 printable ASCII characters.`,
  );
}
