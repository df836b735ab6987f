import { placeOf } from "../describe/topology.ts";
import { HadronError } from "../errors.ts";
import type { Connection, ConnectionState, Hello, Transport } from "../transport/transport.ts";
import type { Directory, Member } from "./directory.ts";
import type { Scope } from "./scope.ts";

export interface ChannelOptions {
  readonly service: string;
  readonly self: Hello;
  readonly directory: Directory;
  readonly transports: Readonly<Record<string, Transport>>;
  readonly maxOutputBytes: number;
}

/** After a failed connection, how long until the same replica is tried again: doubles up to the last. */
const BACKOFF_MS = [10, 20, 40, 80, 160, 250];

/**
 * The way from here to one service: knows its replicas, keeps a connection to each that is used, and picks.
 *
 * I2: a call is repeated only where nothing of it was sent.
 */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #waiters = new Set<() => void>();
  readonly #unwatch: () => void;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#unwatch = options.directory.watch(options.service, () => this.#changed());
  }

  /** The members of one set of the service, by their place in it. */
  members(groups: number, group: number): readonly Member[] {
    const all = this.#options.directory.members(this.#options.service);
    const mine = groups === 1 ? [...all] : all.filter(({ ordinal }) => placeOf(ordinal, groups).group === group);
    return mine.sort((a, b) => a.ordinal - b.ordinal);
  }

  /** Calls the less loaded of two replicas at random, among those that are ready. Waits for one within the deadline. */
  callAny(procedure: string, input: unknown, scope: Scope, groups = 1, group = 0): Promise<unknown> {
    return this.#attempt(() => this.#pick(groups, group), `"${this.#options.service}"`, procedure, input, scope, 0);
  }

  /** Calls one shard. Waits within the deadline for one that is away. */
  callShard(ordinal: number, procedure: string, input: unknown, scope: Scope): Promise<unknown> {
    const { service } = this.#options;
    return this.#attempt(() => this.#shard(ordinal), `shard ${ordinal} of "${service}"`, procedure, input, scope, 0);
  }

  close(): void {
    this.#unwatch();
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
    this.#wake();
  }

  #attempt(
    select: () => Peer | HadronError | undefined,
    what: string,
    procedure: string,
    input: unknown,
    scope: Scope,
    tries: number,
  ): Promise<unknown> {
    if (scope.error !== undefined) return Promise.reject(this.#away(scope.error, what));
    const peer = select();
    if (peer instanceof HadronError) return Promise.reject(peer);
    if (peer === undefined) {
      return this.#change(scope).then(() => this.#attempt(select, what, procedure, input, scope, tries));
    }
    return peer.connection().call({ procedure, input, scope }).then(undefined, async (error: unknown) => {
      if (!(error instanceof HadronError)) throw error;
      if (error.unsent) {
        // Somebody else's time is not ours to use up: the same call, elsewhere or later.
        peer.failed();
        this.#options.directory.suspect(this.#options.service, peer.member).catch(() => {});
        await this.#change(scope, BACKOFF_MS[Math.min(tries, BACKOFF_MS.length - 1)]!);
        return this.#attempt(select, what, procedure, input, scope, tries + 1);
      }
      if (error.code !== "UNAVAILABLE" || error.path.length > 0) throw error;
      const reason = await this.#options.directory.suspect(this.#options.service, peer.member).catch(() => undefined);
      const { name } = peer.member;
      throw new HadronError(
        "UNAVAILABLE",
        reason === undefined ? `The connection to ${name} broke during the call: ${error.detail}` : `${name} died during the call: ${reason}.`,
        { cause: error, path: [name] },
      );
    });
  }

  /** Why nobody took the call in time: better than "the time ran out" alone. */
  #away(error: HadronError, what: string): HadronError {
    if (error.code !== "DEADLINE_EXCEEDED") return error;
    const members = this.#options.directory.members(this.#options.service);
    const reasons = members.filter((one) => one.reason !== undefined).map((one) => `${one.name}: ${one.reason}`);
    const why = reasons.length > 0 ? ` (${reasons.slice(0, 3).join("; ")})` : "";
    return new HadronError(
      "UNAVAILABLE",
      `No replica of ${what} was ready before the call's time ran out${why}. Look at its status and logs.`,
      { cause: error, unsent: true, retryable: true },
    );
  }

  #pick(groups: number, group: number): Peer | HadronError | undefined {
    const members = this.#options.directory.members(this.#options.service);
    const ready: Peer[] = [];
    let failed = 0;
    let mine = 0;
    for (const member of members) {
      if (groups !== 1 && placeOf(member.ordinal, groups).group !== group) continue;
      mine++;
      if (member.state === "failed") failed++;
      if (member.state !== "ready") continue;
      const peer = this.#peer(member);
      if (peer.usable()) ready.push(peer);
    }
    if (ready.length === 0) return mine > 0 && failed === mine ? this.#failure(members) : undefined;
    if (ready.length === 1) return ready[0];
    // M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001.
    const first = Math.floor(Math.random() * ready.length);
    const second = (first + 1 + Math.floor(Math.random() * (ready.length - 1))) % ready.length;
    const [a, b] = [ready[first]!, ready[second]!];
    return a.inFlight <= b.inFlight ? a : b;
  }

  #shard(ordinal: number): Peer | HadronError | undefined {
    const member = this.#options.directory.members(this.#options.service).find((one) => one.ordinal === ordinal);
    if (member === undefined) return undefined;
    if (member.state === "failed") return this.#failure([member]);
    if (member.state !== "ready") return undefined;
    const peer = this.#peer(member);
    return peer.usable() ? peer : undefined;
  }

  #failure(members: readonly Member[]): HadronError {
    const [first] = members;
    return new HadronError(
      "UNAVAILABLE",
      `${first!.name} has failed${first!.reason === undefined ? "" : `: ${first!.reason}`}. Look at its logs.`,
      { unsent: false, path: [first!.name] },
    );
  }

  #peer(member: Member): Peer {
    let peer = this.#peers.get(member.name);
    if (peer !== undefined && peer.member.address !== member.address) {
      // Its successor is elsewhere already; what it has accepted it still answers.
      peer.retire();
      peer = undefined;
    }
    if (peer === undefined) {
      peer = new Peer(member, this.#options, () => this.#wake());
      this.#peers.set(member.name, peer);
    }
    return peer;
  }

  #changed(): void {
    const members = this.#options.directory.members(this.#options.service);
    const names = new Set(members.map((member) => member.name));
    for (const [name, peer] of this.#peers) {
      if (names.has(name)) continue;
      this.#peers.delete(name);
      peer.retire();
    }
    for (const member of members) if (member.state === "ready") this.#peers.get(member.name)?.trust();
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /** Resolves at the next change of the members or their connections, when the scope ends, or after `withinMs`. */
  #change(scope: Scope, withinMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiters.delete(done);
        scope.delete(listener);
        clearTimeout(timer);
        resolve();
      };
      const listener = { cancelled: done };
      // A peer that failed becomes usable again by time alone, so that waiting is never without end.
      const timer = setTimeout(done, withinMs ?? 250);
      this.#waiters.add(done);
      if (scope.error !== undefined) done();
      else scope.add(listener);
    });
  }
}

/** One replica as this channel knows it. */
class Peer {
  readonly member: Member;
  readonly #options: ChannelOptions;
  readonly #changed: () => void;
  #connection: Connection | undefined;
  #failures = 0;
  #retryAt = 0;

  constructor(member: Member, options: ChannelOptions, changed: () => void) {
    this.member = member;
    this.#options = options;
    this.#changed = changed;
  }

  get inFlight(): number {
    return this.#connection?.inFlight ?? 0;
  }

  /** Whether a call may go there now. */
  usable(): boolean {
    return this.#connection?.state !== "draining" && (this.#retryAt === 0 || performance.now() >= this.#retryAt);
  }

  failed(): void {
    const wait = BACKOFF_MS[Math.min(this.#failures++, BACKOFF_MS.length - 1)]!;
    this.#retryAt = performance.now() + wait;
  }

  /** The directory has news of it: what failed before may work now. */
  trust(): void {
    this.#retryAt = 0;
  }

  connection(): Connection {
    if (this.#connection === undefined || this.#connection.state === "closed") {
      const { self, service, transports, maxOutputBytes } = this.#options;
      const scheme = this.member.address.slice(0, this.member.address.indexOf(":"));
      const transport = transports[scheme];
      if (transport === undefined) {
        throw new HadronError("INTERNAL", `No transport for the address ${this.member.address} of ${this.member.name}.`);
      }
      const wanted = { ...self, service, replica: this.member.ordinal < 0 ? undefined : this.member.name };
      const connection: Connection = transport.connect(this.member.address, {
        self,
        wanted,
        maxOutputBytes,
        stateChanged: (state) => this.#stateChanged(connection, state),
      });
      this.#connection = connection;
    }
    return this.#connection;
  }

  /** Lets calls in flight end, takes no more. */
  retire(): void {
    if (this.#connection === undefined || this.#connection.inFlight === 0) return this.close();
    const connection = this.#connection;
    const timer = setInterval(() => {
      if (connection.inFlight > 0 && connection.state !== "closed") return;
      clearInterval(timer);
      connection.close();
    }, 50).unref();
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  #stateChanged(connection: Connection, state: ConnectionState): void {
    if (connection !== this.#connection) return;
    if (state === "open") {
      this.#failures = 0;
      this.#retryAt = 0;
    }
    // A draining replica ends its connection; the next one at that address may be its successor.
    if (state === "closed") this.#connection = undefined;
    this.#changed();
  }
}
