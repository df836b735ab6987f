import type { Clock, Timer } from "../../clock/clock.ts";
import { HadronError } from "../../errors.ts";
import type { Connection, ConnectionState, Hello, Transport } from "../../transport/transport.ts";
import type { Directory, Member } from "../directory/directory.ts";

export interface CandidateOptions {
  readonly clock: Clock;
  readonly service: string;
  readonly self: Hello;
  readonly directory: Directory;
  readonly transports: Readonly<Record<string, Transport>>;
  readonly maxOutputBytes: number;
}

/** After a failed connection, how long until the same replica is tried again: doubles up to the last. */
const BACKOFF_MS = [10, 20, 40, 80, 160, 250];

/** A replica that is retired is looked after so often, until its last call has ended. */
const RETIRE_POLL_MS = 50;

/** One replica as a channel knows it: its connection, and what its calls have shown of it. */
export class Candidate {
  member: Member;
  /** Failures in a row. */
  failuresInRow = 0;
  /** Not picked before this, as far as others can be: it failed, or is slow. 0: it may be. */
  ejectedUntil = 0;
  /** How often it was ejected since it last did well. */
  ejections = 0;
  /** One call tells whether it is well again. */
  probing = false;
  /** It is well again when it answers as quickly; Infinity: when it answers. */
  probeLimitMs = Number.POSITIVE_INFINITY;
  /** Answers in this window, and their time. */
  windowCalls = 0;
  windowMs = 0;
  readonly #options: CandidateOptions;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #connection: Connection | undefined;
  #failures = 0;
  #retryAt = 0;
  #busyUntil = 0;
  #reason: Promise<string | undefined> | undefined;
  #timer: Timer | undefined;

  constructor(member: Member, options: CandidateOptions, changed: () => void) {
    this.member = member;
    this.#options = options;
    this.#clock = options.clock;
    this.#changed = changed;
  }

  get inFlight(): number {
    return this.#connection?.inFlight ?? 0;
  }

  /** Bytes that its connection keeps. */
  get heldBytes(): number {
    return this.#connection?.heldBytes ?? 0;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** Whether nothing was sent to it yet: what is called waits for the connection. */
  get connecting(): boolean {
    return this.#connection?.state === "connecting";
  }

  /** Whether a call may go there now. */
  get usable(): boolean {
    if (this.member.state !== "ready" || this.#connection?.state === "draining") return false;
    return this.#retryAt === 0 || this.#clock.now() >= this.#retryAt;
  }

  /** Whether calls had better go elsewhere: it is ejected, or has said that it has too much work. */
  get avoided(): boolean {
    if (this.#busyUntil !== 0) {
      if (this.#clock.now() < this.#busyUntil) return true;
      this.#busyUntil = 0;
    }
    // Half-open: after its time, one call goes there; the others see how that goes.
    return this.ejectedUntil !== 0 && (this.probing || this.#clock.now() < this.ejectedUntil);
  }

  /** It could not be reached: not again before a while, which this returns. */
  unreachable(): number {
    const waitMs = BACKOFF_MS[Math.min(this.#failures++, BACKOFF_MS.length - 1)]!;
    this.#retryAt = this.#clock.now() + waitMs;
    return waitMs;
  }

  busy(forMs: number): void {
    this.#busyUntil = this.#clock.now() + forMs;
  }

  /** What the directory says of it now. Where it fared ill before, that may be over. */
  update(member: Member): void {
    if (member.state === "ready" && this.member.state !== "ready")
      this.#retryAt = this.#busyUntil = this.ejectedUntil = this.failuresInRow = 0;
    this.member = member;
  }

  /** Has the directory look again, and say why it is gone; asked once for all calls that fail at the same time. */
  suspect(): Promise<string | undefined> {
    this.#reason ??= this.#options.directory
      .suspect(this.#options.service, this.member)
      .catch(() => undefined)
      .finally(() => {
        this.#reason = undefined;
      });
    return this.#reason;
  }

  /** Throws INTERNAL where its address is none that this process can call. */
  connection(): Connection {
    if (this.#connection === undefined || this.#connection.state === "closed") {
      const { self, service, transports, maxOutputBytes } = this.#options;
      const { address, name, ordinal } = this.member;
      const transport = transports[address.slice(0, address.indexOf(":"))];
      if (transport === undefined)
        throw new HadronError("INTERNAL", `No transport for the address "${address}" of ${name}.`);
      let connection: Connection | undefined;
      connection = transport.connect(address, {
        self,
        wanted: { ...self, service, replica: ordinal < 0 ? undefined : name },
        maxOutputBytes,
        stateChanged: (state) => this.#stateChanged(connection, state),
      });
      this.#connection = connection;
      return connection;
    }
    return this.#connection;
  }

  /**
   * Lets calls in flight end, takes no more; then closes, and says so. What only waits for the connection goes elsewhere at
   * once: at an address that is nobody's any more, it may take a while to fail.
   */
  retire(closed: () => void): void {
    const end = () => {
      if (this.inFlight > 0 && !this.connecting) return;
      this.close();
      closed();
    };
    this.#timer = this.#clock.every(RETIRE_POLL_MS, end).unref();
    end();
  }

  close(): void {
    this.#clock.cancel(this.#timer);
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }

  #stateChanged(connection: Connection | undefined, state: ConnectionState): void {
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
