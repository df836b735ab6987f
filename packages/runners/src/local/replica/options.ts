import type { Certificate, ToReplica } from "@hadron/core/spi";
import type { Launch } from "./replica-process.ts";
import type { Clock } from "./restart-policy.ts";

/** How one replica is started, and who hears of it. */
export interface ReplicaOptions {
  readonly name: string;
  readonly ordinal: number;
  /** Of which revision the code is. */
  readonly revision: string;
  /** What to start, and where it will listen: another address for each process. */
  readonly launch: () => { readonly launch: Launch; readonly address: string };
  /** Whether it stores: then never two of its processes run at once. L6 */
  readonly stores: boolean;
  readonly drainMs: number;
  readonly startTimeoutMs: number;
  /** How long it may answer nothing until it is started again; undefined: for ever, as where somebody debugs it. */
  readonly hangMs: number | undefined;
  readonly clock: Clock;
  /** Its state or address changed. */
  readonly changed: () => void;
  /** A process began, or is gone with all that it started. */
  readonly began: (pid: number) => void;
  readonly ended: (pid: number) => void;
  readonly line: (line: string) => void;
  /** What each new process is told first. */
  readonly greet: () => ToReplica;
  /** It saw a peer go away, and asks why. */
  readonly suspect: (service: string, name: string) => Promise<string | null>;
  /** An outside caller asks for a host by TLS. */
  readonly certificate: (host: string | undefined) => Promise<Certificate | null>;
}
