import type { Member } from "../../call/directory/directory.ts";
import type { Certificate } from "../../serve/tls/certificate.ts";

/**
 * What the local runner and a replica tell each other over the child process's IPC channel (Node's `process.send`,
 * JSON). The replica says `listening` once, then `load` when it is asked; the runner pushes the directory at each change.
 */
export type FromReplica =
  /**
   * It serves. `exposed`: the addresses on which outside callers reach it, port filled in. `addresses`: of a stand-in, where
   * each port of its image is; see {@link Member}.
   */
  | { readonly type: "ready"; readonly exposed: readonly string[]; readonly addresses?: Member["addresses"] }
  /** It refuses to start, or cannot; it exits after this. */
  | { readonly type: "failed"; readonly code: string; readonly message: string }
  | { readonly type: "draining" }
  /** An outside caller asks for a host by TLS; answered by `certificate`. Null: it named none. */
  | { readonly type: "certificate?"; readonly id: number; readonly host: string | null }
  /** A caller saw the connection to a member break; answered by `because`. */
  | { readonly type: "suspect"; readonly id: number; readonly service: string; readonly name: string }
  | {
      readonly type: "load";
      readonly id: number;
      readonly calls: number;
      readonly inFlight: number;
      readonly errors: number;
    };

/** What the local runner tells a replica. */
export type ToReplica =
  /** The members of these services, whole; services that are not in it did not change. */
  | { readonly type: "directory"; readonly services: Readonly<Record<string, readonly Member[]>> }
  | { readonly type: "because"; readonly id: number; readonly reason: string | null }
  | { readonly type: "load?"; readonly id: number }
  /** Null: there is none for that host. */
  | { readonly type: "certificate"; readonly id: number; readonly certificate: Certificate | null }
  /** Those that it was given before are not the newest any more. */
  | { readonly type: "certificates-changed" }
  /** A connection of an outside caller, passed along as the message's handle: the runner has the port. */
  | { readonly type: "connection" }
  /** Finish what was accepted, then exit 0; as SIGTERM. */
  | { readonly type: "drain" };
