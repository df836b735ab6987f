import type { HadronError } from "../../errors.ts";
import type { Scope } from "../../scope/scope.ts";
import type { OutgoingCall } from "../../transport/transport.ts";
import type { Peer } from "./peer.ts";

/** One call on its way, however many tries it takes. */
export class Outgoing implements OutgoingCall {
  readonly procedure: string;
  readonly input: unknown;
  readonly scope: Scope;
  /** Tries that reached a replica. */
  tries = 0;
  /** The replica that was asked last, and when. */
  peer: Peer | undefined = undefined;
  sentAt = 0;
  /** Another replica may answer first. */
  hedged = false;
  /** Why the last try failed. */
  error: HadronError | undefined = undefined;

  constructor(procedure: string, input: unknown, scope: Scope) {
    this.procedure = procedure;
    this.input = input;
    this.scope = scope;
  }
}
