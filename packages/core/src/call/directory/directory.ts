/**
 * One replica of a service as its callers see it. A directory drops members that are gone for good.
 */
export interface Member {
  /** Its number among all replicas of the service; -1 where the runner does not number them. */
  readonly ordinal: number;
  /** The replica's full name, e.g. `histogram-service.leaf.3`. */
  readonly name: string;
  /** Where it listens: `unix:/path`, `tcp:HOST:PORT`, or `memory:NAME`. Changes when it starts anew elsewhere. */
  readonly address: string;
  /** `starting` covers a replica that is away and will be back; `failed` one that will not without help. */
  readonly state: "starting" | "ready" | "draining" | "failed";
  /** Why it is not ready, as far as known, e.g. `exit code 1`. */
  readonly reason: string | undefined;
  /** Of a stand-in that is ready: where each port of its image is, by its name, as `host:port`. */
  readonly addresses?: Readonly<Record<string, string>> | undefined;
}

/** How the replicas of a service are found. One a runner: pushed by the local one, DNS in containers and pods. */
export interface Directory {
  /** The members as last known. Never blocks; empty for a service that is not, or not yet, known. */
  members(service: string): readonly Member[];
  /** Calls `changed` after each change of that service's members, until the returned function is called. */
  watch(service: string, changed: () => void): () => void;
  /** Whether the deployment has such a service; undefined where that cannot be known. */
  has(service: string): boolean | undefined;
  /**
   * A caller saw the connection to a member break: look again, and say soon why, if it can be known (at most 250 ms).
   */
  suspect(service: string, member: Member): Promise<string | undefined>;
  close(): void;
}
