import type { Clockwork } from "../../clock/clockwork.ts";
import { createSystemClock } from "../../clock/system-clock.ts";
import type { Address, CallOptions, Log } from "../../declare/types.ts";
import type { App } from "../../describe/compose/app.ts";
import { HadronError } from "../../errors.ts";
import { GivenValues } from "../../given/given-values.ts";
import type { Metric } from "../../metric.ts";
import type { CallObserver, Observable } from "../../observe/observer.ts";
import { addMeta, type MetaChange } from "../../scope/meta.ts";
import { Scope } from "../../scope/scope.ts";
import { onceOver } from "../../transport/incoming-stream.ts";
import type { Hello, Transport } from "../../transport/transport.ts";
import { Channel } from "../channel/channel.ts";
import type { AddressFinder, ImagePort } from "../directory/addresses.ts";
import type { Directory } from "../directory/directory.ts";
import { ambient, type CallingSide } from "./ambient.ts";

/** How long a call may take where nobody said. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** The longest time of a call: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

export interface HostOptions {
  /** Who calls. */
  readonly self: Hello;
  readonly directory: Directory;
  /** By the scheme of an address: `unix`, `tcp`, `memory`. */
  readonly transports: Readonly<Record<string, Transport>>;
  /** The app, where its code is here: it knows which services there are. */
  readonly app?: App;
  /** Which replica of its service this is; for an outside caller, none. */
  readonly ordinal?: number;
  /** Its time and chance. @default this machine's */
  readonly clock?: Clockwork;
  /** Finds where images are. @default nobody knows */
  readonly addresses?: AddressFinder | undefined;
  /** Secrets and captured values. @default none */
  readonly given?: GivenValues | undefined;
  /** Bytes of one encoded output that are accepted. @default 2 GiB − 1: the serving side has the limit */
  readonly maxOutputBytes?: number;
}

/** What a call is made within: the caller's options, and a scope other than the running handler's. */
export interface WithinOptions extends CallOptions {
  readonly scope?: Scope;
}

/** The calling side of a replica, or of a process outside: one channel for each service that it calls. */
export class Host implements CallingSide, Observable {
  readonly self: Hello;
  readonly app: App | undefined;
  readonly ordinal: number;
  readonly clock: Clockwork;
  readonly given: GivenValues;
  readonly #options: HostOptions;
  /** See `observe`. */
  observer: CallObserver | undefined = undefined;
  /** The replica's own; it has it as soon as it serves. */
  log: Log | undefined = undefined;
  readonly #closing: (() => unknown)[] = [];
  readonly #channels = new Map<string, Channel>();
  #closed = false;

  constructor(options: HostOptions) {
    this.self = options.self;
    this.app = options.app;
    this.ordinal = options.ordinal ?? 0;
    this.clock = options.clock ?? createSystemClock();
    this.given = options.given ?? new GivenValues();
    this.#options = options;
  }

  /** Whether the app has such a service. */
  has(service: string): boolean {
    return this.app?.services.has(service) ?? this.#options.directory.has(service) ?? true;
  }

  onClose(close: () => unknown): void {
    if (this.#closed) close();
    else this.#closing.push(close);
  }

  count(service: string): number {
    const declared = this.app?.services.get(service)?.topology.replicas ?? 0;
    return this.#options.directory.members(service).length || declared;
  }

  /** The channel to a service. UNKNOWN_SERVICE where the app has none of that name. */
  channel(service: string): Channel {
    let channel = this.#channels.get(service);
    if (channel === undefined) {
      if (this.#closed) throw new HadronError("UNAVAILABLE", "The app was closed.", { unsent: true });
      if (!this.has(service)) throw this.#unknown(service);
      const { directory, transports, maxOutputBytes = 2 ** 31 - 1 } = this.#options;
      // Who has not the app's code cannot know what may be repeated.
      const idempotent = new Set(this.app?.services.get(service)?.topology.idempotent);
      channel = new Channel({
        service,
        self: this.self,
        clock: this.clock,
        directory,
        transports,
        maxOutputBytes,
        idempotent,
        observable: this,
      });
      this.#channels.set(service, channel);
    }
    return channel;
  }

  /** Where a port of an image is. Fails as a call does, and with FAILED_PRECONDITION where that cannot be known from here. */
  address(service: string, port: ImagePort): Promise<Address> {
    const { addresses } = this.#options;
    if (!this.has(service)) return Promise.reject(this.#unknown(service));
    if (addresses === undefined) {
      const text = `Where "${service}" is cannot be known from here: the runner of "${this.self.app}" does not tell it.`;
      return Promise.reject(new HadronError("FAILED_PRECONDITION", text));
    }
    return this.within({}, (scope) => addresses(service, port, scope)) as Promise<Address>;
  }

  /** Calls a service: any of its replicas. Fails as the call fails: see {@link ERROR_CODES}. */
  call(service: string, procedure: string | undefined, input: unknown, options: CallOptions): Promise<unknown> {
    let channel: Channel;
    try {
      channel = this.channel(service);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.within(options, (scope) => channel.callAny(procedure ?? service, input, scope, options));
  }

  /** Runs a call in the scope of the handler it is made in, or in one of its own, narrowed by the options. */
  within(options: WithinOptions, call: (scope: Scope) => Promise<unknown>): Promise<unknown> {
    const parent = options.scope ?? this.#running();
    const { timeoutMs, signal, meta } = options;
    const asItIs = timeoutMs === undefined && signal === undefined && meta === undefined;
    if (parent !== undefined && asItIs && parent.lastsUntil === parent.deadlineAt) {
      try {
        return call(parent);
      } catch (error) {
        // A channel that is not to be had. What calls is told as of any other failure: nobody expects a throw here.
        return Promise.reject(error);
      }
    }
    return this.#narrowed(parent, options, call);
  }

  /**
   * A scope of its own within that of the running handler. Whoever asks for it ends it. WRONG_USE where the time is none.
   *
   * @param timeoutMs @default what is left of the running handler's time, or {@link DEFAULT_TIMEOUT_MS}
   */
  scope(timeoutMs?: number): Scope {
    return this.#scope(this.#running(), timeoutMs, undefined);
  }

  #running(): Scope | undefined {
    const store = ambient.getStore();
    return store?.host === this ? store.scope : undefined;
  }

  #scope(parent: Scope | undefined, timeoutMs: number | undefined, change: MetaChange | undefined): Scope {
    if (timeoutMs !== undefined && !(timeoutMs >= 0))
      throw new HadronError("WRONG_USE", `timeoutMs is ${timeoutMs}, and should be milliseconds, from 0.`);
    const now = this.clock.now();
    // Every call has a deadline: Infinity is the longest that crosses the wire.
    const ownMs = Math.min(timeoutMs ?? (parent === undefined ? DEFAULT_TIMEOUT_MS : LONGEST_MS), LONGEST_MS);
    const deadlineAt = Math.min(parent?.lastsUntil ?? Number.POSITIVE_INFINITY, now + ownMs);
    const meta = change === undefined ? undefined : addMeta(parent?.meta, change);
    const scope = new Scope({ clock: this.clock, deadlineAt, trace: parent?.trace, meta, parent });
    if (deadlineAt <= now) scope.expire();
    return scope;
  }

  #narrowed(
    parent: Scope | undefined,
    { timeoutMs, signal, meta }: CallOptions,
    call: (scope: Scope) => Promise<unknown>,
  ): Promise<unknown> {
    let scope: Scope;
    try {
      scope = this.#scope(parent, timeoutMs, meta);
    } catch (error) {
      return Promise.reject(error);
    }
    const abort = () =>
      scope.cancel(new HadronError("CANCELLED", "The caller gave the call up.", { cause: signal?.reason }));
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const over = () => {
      signal?.removeEventListener("abort", abort);
      scope.end();
    };
    let answer: Promise<unknown>;
    try {
      answer = call(scope);
    } catch (error) {
      over();
      return Promise.reject(error);
    }
    return answer.then(
      (output) => {
        onceOver(output, over);
        return output;
      },
      (error: unknown) => {
        over();
        throw error;
      },
    );
  }

  /** What the calling side keeps and counts. */
  *metrics(): Iterable<Metric> {
    for (const channel of this.#channels.values()) yield* channel.metrics();
    yield {
      name: "hadron_deadlines",
      type: "gauge",
      help: "Deadlines that this process waits for.",
      value: this.clock.deadlines.size,
    };
  }

  #unknown(service: string): HadronError {
    const there = [...(this.app?.services.keys() ?? [])];
    return new HadronError(
      "UNKNOWN_SERVICE",
      `"${service}" is not in the app "${this.self.app}"${there.length === 0 ? "" : `, which has ${there.join(", ")}`}. ` +
        `Give it to run(…) beside the others.`,
    );
  }

  /** Closes all connections; calls in flight fail. */
  close(): void {
    this.#closed = true;
    for (const close of this.#closing.splice(0)) close();
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
    this.#options.directory.close();
  }
}

/** Makes the calling side of a process. */
export function createHost(options: HostOptions): Host {
  return new Host(options);
}
