import { DEFAULT_TIMEOUT_MS, type Host } from "../../call/host/host.ts";
import type { Clockwork } from "../../clock/clockwork.ts";
import type { Limits, ProcedureDefinition } from "../../declare/definition.ts";
import type { Log, Replica, Wrapper } from "../../declare/types.ts";
import { HadronError, toErrorData } from "../../errors.ts";
import { nearest } from "../../nearest.ts";
import type { CallObserver, Observable } from "../../observe/observer.ts";
import { type Authenticator, withoutCredentials } from "../../scope/credentials.ts";
import { MOST_META_BYTES } from "../../scope/meta.ts";
import { Scope } from "../../scope/scope.ts";
import { createCallIdPrefix, toCallId } from "../../transport/call-id.ts";
import type { Dispatcher, Hello, IncomingCall, Reply } from "../../transport/transport.ts";
import { Admission } from "./admission.ts";
import { Handling, type Replicated, type Served } from "./handling.ts";
import { ObservedReply } from "./observed-reply.ts";
import { ProcedureMetrics } from "./procedure-metrics.ts";
import { wrapHandler } from "./wrap-handler.ts";

export interface DispatcherOptions {
  readonly self: Hello;
  readonly host: Host;
  readonly procedures: readonly ProcedureDefinition[];
  readonly limits: Limits;
  /** What stands around each handler, the first outermost. */
  readonly around: readonly Wrapper[];
  /** Says who a caller from outside is, of whatever does not take HTTP. */
  readonly guard: Authenticator | undefined;
  readonly replica: () => Replica;
  readonly log: Log;
  /** How this replica is named in the path of an error. */
  readonly label: string;
  /** What it can be asked beside its procedures, by name, by whoever does not come in from outside. */
  readonly builtIns: ReadonlyMap<string, (input: unknown) => unknown>;
}

/** No call may ask for more time than this: its timer would overflow. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The serving side of a replica: takes calls from any transport and runs their handlers. */
export class ReplicaDispatcher implements Dispatcher, Replicated, Observable {
  readonly self: Hello;
  readonly clock: Clockwork;
  readonly maxInputBytes: number;
  readonly maxOutputBytes: number;
  readonly metrics = new Map<string, ProcedureMetrics>();
  readonly host: Host;
  readonly log: Log;
  readonly label: string;
  readonly replica: () => Replica;
  readonly #procedures = new Map<string, Served>();
  readonly #builtIns: ReadonlyMap<string, (input: unknown) => unknown>;
  /** See `observe`. */
  observer: CallObserver | undefined = undefined;
  readonly #idle = new Set<() => void>();
  /** Which calls run, wait, or are turned away. */
  readonly admission: Admission;
  #name: string | undefined;
  #numbered = 0;
  #inFlight = 0;

  constructor(options: DispatcherOptions) {
    this.host = options.host;
    this.log = options.log;
    this.label = options.label;
    this.replica = options.replica;
    this.#builtIns = options.builtIns;
    this.self = options.self;
    this.clock = options.host.clock;
    this.maxInputBytes = options.limits.inputBytes;
    this.maxOutputBytes = options.limits.outputBytes;
    this.admission = new Admission(options.limits.concurrency, this.clock);
    for (const procedure of options.procedures) {
      const { name } = procedure;
      const metrics = new ProcedureMetrics();
      const wrapped = wrapHandler(options.self.service, name, options.around, guardOf(procedure, options.guard));
      this.metrics.set(name, metrics);
      this.#procedures.set(name, { ...procedure, metrics, wrapped });
    }
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Calls taken, and how many of them failed. */
  get totals(): { readonly calls: number; readonly errors: number } {
    let calls = 0;
    let errors = 0;
    for (const metrics of this.metrics.values()) {
      calls += metrics.calls;
      errors += metrics.errors;
    }
    return { calls, errors };
  }

  /** Resolves when no call is at work. */
  idle(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.add(resolve));
  }

  dispatch(call: IncomingCall, taker: Reply): Scope {
    const { observer } = this;
    const reply = observer === undefined ? taker : new ObservedReply(observer, this.self, call, taker);
    const now = this.clock.now();
    const scope = new Scope({
      clock: this.clock,
      // I4: what it waited for while handlers of this turn were running is its own time.
      deadlineAt: now - this.admission.lateMs + Math.min(call.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS),
      cameWith: call.trace,
      meta: withoutCredentials(call.meta),
    });
    const served = this.#procedures.get(call.procedure);
    if (served === undefined) this.#dispatchBuiltIn(scope, reply, call);
    else if (scope.meta !== undefined && scope.meta.length > MOST_META_BYTES)
      this.#refuse(scope, reply, tooMuchMeta(scope.meta.length));
    else {
      this.#inFlight++;
      const handling = new Handling(this, served, scope, reply, call, now);
      this.admission.take(handling);
      handling.taken();
    }
    return scope;
  }

  /** An id for a call whose caller gave none. */
  createCallId(): string {
    this.#name ??= createCallIdPrefix(this.clock);
    return toCallId(this.#name, ++this.#numbered);
  }

  /** A call has been answered. */
  answered(): void {
    if (--this.#inFlight > 0 || this.#idle.size === 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }

  /** Here rather than among the procedures: their calls pay nothing for it. */
  #dispatchBuiltIn(scope: Scope, reply: Reply, call: IncomingCall): void {
    const builtIn = call.inside === true ? this.#builtIns.get(call.procedure) : undefined;
    if (builtIn === undefined) return this.#refuse(scope, reply, this.#unknown(call.procedure));
    let output: unknown;
    try {
      output = builtIn(call.input);
    } catch (error) {
      return this.#refuse(scope, reply, error);
    }
    scope.end();
    reply.ok(output);
  }

  #refuse(scope: Scope, reply: Reply, error: unknown): void {
    scope.end();
    reply.fail({ ...toErrorData(error), path: [this.label] });
  }

  #unknown(procedure: string): HadronError {
    const there = [...this.#procedures.keys()];
    const near = nearest(procedure, there);
    return new HadronError(
      "UNKNOWN_PROCEDURE",
      `"${this.self.service}" has no procedure "${procedure.slice(0, 100)}"${near === undefined ? "" : `; did you mean "${near}"?`} ` +
        `It has ${there.slice(0, 20).join(", ")}.`,
    );
  }
}

/** What takes HTTP has filters of its own, which see the whole request. */
function guardOf({ options }: ProcedureDefinition, guard: Authenticator | undefined): Authenticator | undefined {
  return options.face?.web === undefined ? guard : undefined;
}

function tooMuchMeta(length: number): HadronError {
  const text = `The call brings ${length} bytes of metadata (baggage), of which a call carries at most ${MOST_META_BYTES}; send less.`;
  return new HadronError("TOO_LARGE", text);
}
