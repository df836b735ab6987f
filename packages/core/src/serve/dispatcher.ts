import { type Ambient, ambient } from "../call/host/ambient.ts";
import { DEFAULT_TIMEOUT_MS, type Host } from "../call/host/host.ts";
import type { Clockwork } from "../clock/clockwork.ts";
import type { Limits, ProcedureDefinition } from "../declare/definition.ts";
import { describeIssues, type Schema } from "../declare/schema.ts";
import type { Caller, Context, Log, Replica } from "../declare/types.ts";
import { HadronError, toErrorData } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { decodeMeta, type Meta, MOST_META_BYTES } from "../scope/meta.ts";
import { type Cancellable, Scope } from "../scope/scope.ts";
import { createCallIdPrefix, toCallId } from "../transport/call-id.ts";
import { isStream, Pump } from "../transport/pump.ts";
import type { Dispatcher, Hello, IncomingCall, ItemSink, Reply } from "../transport/transport.ts";
import { Admission, type Work } from "./admission.ts";
import { ProcedureMetrics } from "./metrics.ts";

export interface DispatcherOptions {
  readonly self: Hello;
  readonly host: Host;
  readonly procedures: readonly ProcedureDefinition[];
  readonly limits: Limits;
  readonly replica: () => Replica;
  readonly log: Log;
  /** How this replica is named in the path of an error. */
  readonly label: string;
}

interface Served extends ProcedureDefinition {
  readonly metrics: ProcedureMetrics;
}

/** The serving side of a replica: takes calls from any transport and runs their handlers. */
export class ReplicaDispatcher implements Dispatcher {
  readonly self: Hello;
  readonly clock: Clockwork;
  readonly maxInputBytes: number;
  readonly maxOutputBytes: number;
  readonly metrics = new Map<string, ProcedureMetrics>();
  readonly #options: DispatcherOptions;
  readonly #procedures = new Map<string, Served>();
  readonly #idle = new Set<() => void>();
  /** Which calls run, wait, or are turned away. */
  readonly admission: Admission;
  readonly #name: string;
  #numbered = 0;
  #inFlight = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.self = options.self;
    this.clock = options.host.clock;
    this.#name = createCallIdPrefix(this.clock);
    this.maxInputBytes = options.limits.inputBytes;
    this.maxOutputBytes = options.limits.outputBytes;
    this.admission = new Admission(options.limits.concurrency, this.clock);
    for (const one of options.procedures) {
      const metrics = new ProcedureMetrics();
      this.metrics.set(one.name, metrics);
      this.#procedures.set(one.name, { ...one, metrics });
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

  dispatch(call: IncomingCall, reply: Reply): Scope {
    const now = this.clock.now();
    const scope = new Scope({
      clock: this.clock,
      // I4: what it waited for while handlers of this turn were running is its own time.
      deadlineAt: now - this.admission.lateMs + Math.min(call.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS),
      cameWith: call.trace,
      meta: call.meta,
    });
    const served = this.#procedures.get(call.procedure);
    if (served === undefined) this.#refuse(scope, reply, this.#unknown(call.procedure));
    else if (call.meta !== undefined && call.meta.length > MOST_META_BYTES)
      this.#refuse(scope, reply, tooMuchMeta(call.meta.length));
    else {
      this.#inFlight++;
      const handling = new Handling(this, this.#options, served, scope, reply, call, now);
      this.admission.take(handling);
      handling.taken();
    }
    return scope;
  }

  /** An id for a call whose caller gave none. */
  createCallId(): string {
    return toCallId(this.#name, ++this.#numbered);
  }

  /** A call has been answered. */
  answered(): void {
    if (--this.#inFlight > 0 || this.#idle.size === 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }

  #refuse(scope: Scope, reply: Reply, error: HadronError): void {
    scope.end();
    reply.fail({ ...toErrorData(error), path: [this.#options.label] });
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

function tooMuchMeta(length: number): HadronError {
  const text = `The call brings ${length} bytes of metadata (baggage), of which a call carries at most ${MOST_META_BYTES}; send less.`;
  return new HadronError("TOO_LARGE", text);
}

/** For a stream that comes too late to be sent: it is ended at once. */
const NOWHERE: ItemSink = { item: () => false };

/** No call may ask for more time than this: its timer would overflow. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** One call. It is its handler's context and what `ambient` carries, so that a call makes few objects. */
class Handling implements Cancellable, Context, Ambient, Work {
  readonly scope: Scope;
  readonly arrivedAt: number;
  before: Cancellable | undefined = undefined;
  after: Cancellable | undefined = undefined;
  readonly #dispatcher: ReplicaDispatcher;
  readonly #options: DispatcherOptions;
  readonly #served: Served;
  readonly #reply: Reply;
  readonly #call: IncomingCall;
  #id: string | undefined = undefined;
  #started = false;
  #answered = false;
  /** What sends its output, where that is a stream. */
  #pump: Pump | undefined = undefined;

  constructor(
    dispatcher: ReplicaDispatcher,
    options: DispatcherOptions,
    served: Served,
    scope: Scope,
    reply: Reply,
    call: IncomingCall,
    now: number,
  ) {
    this.#dispatcher = dispatcher;
    this.#options = options;
    this.#served = served;
    this.scope = scope;
    this.#reply = reply;
    this.#call = call;
    this.arrivedAt = now;
  }

  get host(): Host {
    return this.#options.host;
  }
  get id(): string {
    this.#id ??= this.#call.callId ?? this.#dispatcher.createCallId();
    return this.#id;
  }
  get caller(): Caller | undefined {
    return this.#call.caller;
  }
  get meta(): Meta {
    return decodeMeta(this.scope.meta);
  }
  get timeLeftMs(): number {
    return this.scope.leftMs;
  }
  get signal(): AbortSignal {
    return this.scope.signal;
  }
  get deadline(): Date {
    return new Date(this.#dispatcher.clock.wallNow() + this.scope.leftMs);
  }
  get replica(): Replica {
    return this.#options.replica();
  }
  get log(): Log {
    return this.#options.log;
  }

  expired(now: number): boolean {
    if (now < this.scope.deadlineAt) return false;
    this.scope.expire();
    return true;
  }

  start(): void {
    this.#started = true;
    const { metrics } = this.#served;
    metrics.calls++;
    metrics.inFlight++;
    try {
      const result = ambient.run(this, run, this, this.#call.input);
      if (isPromise(result)) result.then(this.#ok, this.#failed);
      else this.#ok(result);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** It runs, or waits, unless it is over by now, as most are: those need not hear of their deadline. */
  taken(): void {
    if (this.#answered) return;
    if (this.scope.error === undefined) this.scope.add(this);
    else this.cancelled(this.scope.error);
  }

  refuse(why: string, retryAfterMs: number): void {
    const { self } = this.#options;
    this.#answered = true;
    this.#served.metrics.failed("OVERLOADED");
    this.#leave();
    // No error object: its stack would cost more than all the rest of turning a call away.
    const message = `${self.replica ?? self.service} has ${why}. Call again in ${retryAfterMs} ms, or give "${self.service}" more replicas.`;
    this.#reply.fail({ code: "OVERLOADED", message, retryable: true, path: [this.#options.label], retryAfterMs });
  }

  /** Runs the handler, between its schemas. Synchronous where all of them are. */
  handle(input: unknown): unknown {
    const { options, handler } = this.#served;
    if (options.input === undefined && options.output === undefined) return handler(input, this);
    return this.#checked(input);
  }

  /** The caller went away, or its time ran out: it is answered at once, whatever the handler does. */
  cancelled(error: HadronError): void {
    const { code } = error;
    this.#fail(
      code === "DEADLINE_EXCEEDED"
        ? new HadronError(
            code,
            `"${this.#served.name}" ${this.#pump === undefined ? "gave no answer" : "was not at the end of its stream"} in ${Math.round(this.#dispatcher.clock.now() - this.arrivedAt)} ms, the time of the call. ` +
              "Give the call a longer timeoutMs, or look at the handler.",
          )
        : error,
    );
    this.#pump?.stop();
  }

  readonly #ok = (output: unknown): void => {
    if (isStream(output)) {
      this.#stream(output);
      return;
    }
    this.#dispatcher.admission.ended();
    if (this.#answered) return;
    this.#end();
    this.#reply.ok(output);
  };

  readonly #failed = (error: unknown): void => {
    // Whether or not it was answered before: until now it has its place.
    this.#dispatcher.admission.ended();
    if (this.#answered) return;
    if (!(error instanceof HadronError)) {
      // I8: the caller gets the message alone; whoever runs the service needs the stack.
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.log.error(
        `${this.#served.name} failed: ${error instanceof Error ? error.message : String(error)}`,
        { stack },
      );
    }
    this.#fail(error);
  };

  /** The call lasts until its last item is sent: so long it has its place, its deadline and its signal. */
  #stream(output: AsyncIterable<unknown>): void {
    const { name, options } = this.#served;
    const { output: schema } = options;
    const checkItem = (item: unknown) => check(schema!, item, "INVALID_OUTPUT", `An item of the output of "${name}"`);
    const pump = new Pump(output, this.#dispatcher.clock, schema === undefined ? undefined : checkItem);
    this.#pump = pump;
    if (this.#answered) pump.stop();
    const sink = this.#answered ? NOWHERE : this.#reply.stream(pump);
    // What makes the items makes its calls in this one.
    ambient.run(this, () => pump.run(sink)).then(this.#ok, this.#failed);
  }

  #fail(error: unknown): void {
    if (this.#answered) return;
    this.#end();
    const data = toErrorData(error);
    this.#served.metrics.failed(data.code);
    this.#reply.fail({ ...data, path: [this.#options.label, ...data.path] });
  }

  #end(): void {
    this.#answered = true;
    const { metrics } = this.#served;
    if (!this.#started) {
      metrics.calls++;
      this.#dispatcher.admission.forget(this);
    } else metrics.inFlight--;
    metrics.observe(this.#dispatcher.clock.now() - this.arrivedAt);
    this.#leave();
  }

  #leave(): void {
    this.scope.delete(this);
    this.scope.end();
    this.#dispatcher.answered();
  }

  async #checked(input: unknown): Promise<unknown> {
    const { name, options, handler } = this.#served;
    const parsed =
      options.input === undefined
        ? input
        : await check(options.input, input, "INVALID_INPUT", `The input of "${name}"`);
    const output = await handler(parsed, this);
    return options.output === undefined || isStream(output)
      ? output
      : check(options.output, output, "INVALID_OUTPUT", `The output of "${name}"`);
  }
}

function run(handling: Handling, input: unknown): unknown {
  return handling.handle(input);
}

async function check(
  schema: Schema,
  value: unknown,
  code: "INVALID_INPUT" | "INVALID_OUTPUT",
  what: string,
): Promise<unknown> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  throw new HadronError(code, `${what} does not fit: ${describeIssues(result.issues)}.`);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
