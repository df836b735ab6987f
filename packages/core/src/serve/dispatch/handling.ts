import { type Ambient, ambient } from "../../call/host/ambient.ts";
import type { Host } from "../../call/host/host.ts";
import { identifyIn, userOf } from "../../call/host/identify.ts";
import type { Clock } from "../../clock/clock.ts";
import type { Clockwork } from "../../clock/clockwork.ts";
import type { ProcedureDefinition } from "../../declare/definition.ts";
import type { ProcedureOptions } from "../../declare/procedure.ts";
import { describeIssues, type Schema } from "../../declare/schema.ts";
import type { Caller, Context, Log, Replica } from "../../declare/types.ts";
import { HadronError, inWords, isHadronError, toErrorData } from "../../errors.ts";
import { type Authenticator, credentialsIn } from "../../scope/credentials.ts";
import { decodeMeta, type Meta } from "../../scope/meta.ts";
import type { Cancellable, Scope } from "../../scope/scope.ts";
import { USER_META } from "../../scope/user.ts";
import { isStream, Pump } from "../../transport/pump.ts";
import type { Hello, IncomingCall, ItemSink, Reply } from "../../transport/transport.ts";
import { traceOf } from "../../values/trace-of.ts";
import type { Admission, Arrival } from "./admission.ts";
import type { ProcedureMetrics } from "./procedure-metrics.ts";
import type { Serving, WrappedHandler } from "./wrap-handler.ts";

/** For a stream that comes too late to be sent: it is ended at once. */
const NOWHERE: ItemSink = { item: () => false };

/** A procedure as it is served. */
export interface Served extends ProcedureDefinition {
  readonly metrics: ProcedureMetrics;
  /** What stands around the handler; undefined: nothing. */
  readonly wrapped: WrappedHandler | undefined;
}

/** What all calls of a replica have in common. */
export interface Replicated {
  readonly self: Hello;
  readonly host: Host;
  readonly clock: Clockwork;
  readonly log: Log;
  /** How this replica is named in the path of an error. */
  readonly label: string;
  readonly admission: Admission;
  /** Which replica this is now. */
  readonly replica: () => Replica;
  /** An id for a call whose caller gave none. */
  createCallId(): string;
  /** A call has been answered. */
  answered(): void;
}

/** One call. It is its handler's context and what `ambient` carries, so that a call makes few objects. */
export class Handling implements Cancellable, Context, Ambient, Serving, Arrival {
  readonly scope: Scope;
  readonly arrivedAt: number;
  before: Cancellable | undefined = undefined;
  after: Cancellable | undefined = undefined;
  readonly #here: Replicated;
  readonly #served: Served;
  readonly #reply: Reply;
  readonly #call: IncomingCall;
  #id: string | undefined = undefined;
  #started = false;
  #answered = false;
  /** What sends its output, where that is a stream. */
  #pump: Pump | undefined = undefined;

  constructor(here: Replicated, served: Served, scope: Scope, reply: Reply, call: IncomingCall, now: number) {
    this.#here = here;
    this.#served = served;
    this.scope = scope;
    this.#reply = reply;
    this.#call = call;
    this.arrivedAt = now;
  }

  get host(): Host {
    return this.#here.host;
  }
  get context(): Context {
    return this;
  }
  get id(): string {
    this.#id ??= this.#call.callId ?? this.#here.createCallId();
    return this.#id;
  }
  get caller(): Caller | undefined {
    const { caller } = this.#call;
    const user = userOf(this.#here.host, this.scope);
    return user === undefined ? caller : { service: caller?.service, replica: caller?.replica, user };
  }
  get meta(): Meta {
    const { [USER_META]: _, ...meta } = decodeMeta(this.scope.meta);
    return Object.freeze(meta);
  }
  get timeLeftMs(): number {
    return this.scope.leftMs;
  }
  get signal(): AbortSignal {
    return this.scope.signal;
  }
  get deadline(): Date {
    return new Date(this.#here.clock.wallNow() + this.scope.leftMs);
  }
  get replica(): Replica {
    return this.#here.replica();
  }
  get clock(): Clock {
    return this.#here.clock;
  }
  get log(): Log {
    return this.#here.log;
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
      // A thenable of somebody's own may answer twice, or never come back.
      if (isPromise(result)) this.#await(Promise.resolve(result));
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
    const { self } = this.#here;
    this.#answered = true;
    this.#served.metrics.failed("OVERLOADED");
    this.#leave();
    // No error object: its stack would cost more than all the rest of turning a call away.
    const message = `${self.replica ?? self.service} has ${why}. Call again in ${retryAfterMs} ms, or give "${self.service}" more replicas.`;
    this.#reply.fail({ code: "OVERLOADED", message, retryable: true, path: [this.#here.label], retryAfterMs });
  }

  handle(input: unknown): unknown {
    const { wrapped } = this.#served;
    return wrapped === undefined ? this.proceed(input) : wrapped(this, input);
  }

  /** Runs the handler, between its schemas. Synchronous where all of them are. */
  proceed(input: unknown): unknown {
    const { options, handler } = this.#served;
    if (options.input === undefined && options.output === undefined && options.requires === undefined) {
      return handler(input, this);
    }
    return this.#checked(input);
  }

  /** Whoever comes from outside shows who it is. */
  async admit(guard: Authenticator): Promise<void> {
    if (this.#call.caller !== undefined) return;
    identifyIn(this.#here.host, this.scope, await guard.authenticate(credentialsIn(this.#call.meta)));
  }

  /** The caller went away, or its time ran out: it is answered at once, whatever the handler does. */
  cancelled(error: HadronError): void {
    const { code } = error;
    this.#fail(
      code === "DEADLINE_EXCEEDED"
        ? new HadronError(
            code,
            `"${this.#served.name}" ${this.#pump === undefined ? "gave no answer" : "was not at the end of its stream"} in ${Math.round(this.#here.clock.now() - this.arrivedAt)} ms, the time of the call. ` +
              "Give the call a longer timeoutMs, or look at the handler.",
          )
        : error,
    );
    this.#pump?.stop();
  }

  #await(result: Promise<unknown>): void {
    result.then(
      (output) => this.#ok(output),
      (error: unknown) => this.#failed(error),
    );
  }

  #ok(output: unknown): void {
    if (isStream(output)) {
      this.#stream(output);
      return;
    }
    this.#here.admission.ended();
    if (this.#answered) return;
    this.#end();
    this.#reply.ok(output);
  }

  #failed(error: unknown): void {
    // Whether or not it was answered before: until now it has its place.
    this.#here.admission.ended();
    if (this.#answered) return;
    // I8: the caller gets the message alone; whoever runs the service needs the stack.
    if (!isHadronError(error)) {
      this.#here.log.error(`${this.#served.name} failed: ${inWords(error)}`, { stack: traceOf(error) });
    }
    this.#fail(error);
  }

  /** The call lasts until its last item is sent: so long it has its place, its deadline and its signal. */
  #stream(output: AsyncIterable<unknown>): void {
    const { name, options } = this.#served;
    const { output: schema } = options;
    const checkItem = (item: unknown) => check(schema!, item, "INVALID_OUTPUT", `An item of the output of "${name}"`);
    const pump = new Pump(output, this.#here.clock, schema === undefined ? undefined : checkItem);
    this.#pump = pump;
    if (this.#answered) pump.stop();
    const sink = this.#answered ? NOWHERE : this.#reply.stream(pump);
    // What makes the items makes its calls in this one.
    this.#await(ambient.run(this, () => pump.run(sink)));
  }

  #fail(error: unknown): void {
    if (this.#answered) return;
    this.#end();
    const { message, ...rest } = toErrorData(error);
    // I8: what a library says of what went wrong may hold the key that it was given.
    const data = { ...rest, message: this.#here.host.given.hide(message) };
    this.#served.metrics.failed(data.code);
    this.#reply.fail({ ...data, path: [this.#here.label, ...data.path] });
  }

  #end(): void {
    this.#answered = true;
    const { metrics } = this.#served;
    if (!this.#started) {
      metrics.calls++;
      this.#here.admission.forget(this);
    } else metrics.inFlight--;
    metrics.observe(this.#here.clock.now() - this.arrivedAt);
    this.#leave();
  }

  #leave(): void {
    this.scope.delete(this);
    this.scope.end();
    this.#here.answered();
  }

  async #checked(input: unknown): Promise<unknown> {
    const { name, options, handler } = this.#served;
    const parsed =
      options.input === undefined
        ? input
        : await check(options.input, input, "INVALID_INPUT", `The input of "${name}"`);
    if (options.requires !== undefined)
      await permit(options.requires, this, parsed, `${this.#here.self.service}.${name}`);
    const output = await handler(parsed, this);
    return options.output === undefined || isStream(output)
      ? output
      : check(options.output, output, "INVALID_OUTPUT", `The output of "${name}"`);
  }
}

function run(handling: Handling, input: unknown): unknown {
  return handling.handle(input);
}

/** What is refused is named, and nothing of why. */
async function permit(
  requires: NonNullable<ProcedureOptions["requires"]>,
  { caller }: Context,
  input: unknown,
  what: string,
): Promise<void> {
  const user = caller?.user;
  if (user === undefined) throw new HadronError("UNAUTHENTICATED", `"${what}" is for those who say who they are.`);
  if ((await requires(user, input)) !== true)
    throw new HadronError("PERMISSION_DENIED", `"${what}" is not for this caller.`);
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
