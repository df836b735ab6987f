import type { ErrorData } from "../errors.ts";
import { Scope } from "../scope/scope.ts";
import type { Dispatcher, IncomingCall, ItemSink, ItemSource, Reply } from "../transport/transport.ts";

/** A call on its way to a replica under test, or its answer on the way back. */
export interface PassingCall {
  readonly procedure: string;
  readonly input: unknown;
  /** Its id: the same in each of its tries; undefined: the caller gave none. */
  readonly id: string | undefined;
  /** The replica that calls, e.g. `order.0`; undefined: an outside caller, as the test is. */
  readonly caller: string | undefined;
}

/** Stands between a replica under test and those who call it. It must not throw. */
export interface Interceptor {
  /** A call has come, of which the replica does not know yet. `"lost"`: it never will. */
  call?(call: PassingCall): "lost" | undefined;
  /** The replica has done what a call asked for, of which the caller does not know yet. `"lost"`: it never will. */
  answer?(call: PassingCall, output: unknown): "lost" | undefined;
}

/** A replica's dispatcher behind an interceptor, which may change meanwhile. */
export function toIntercepted(dispatcher: Dispatcher, interceptor: () => Interceptor | undefined): Dispatcher {
  const { self, clock, maxInputBytes, maxOutputBytes } = dispatcher;
  return {
    self,
    clock,
    maxInputBytes,
    maxOutputBytes,
    dispatch(call, reply) {
      const standing = interceptor();
      if (standing === undefined) return dispatcher.dispatch(call, reply);
      const passing = toPassing(call);
      if (standing.call?.(passing) !== "lost") {
        return dispatcher.dispatch(call, new InterceptedReply(standing, passing, reply));
      }
      return new Scope({ clock, deadlineAt: Number.POSITIVE_INFINITY });
    },
  };
}

function toPassing({ procedure, input, callId, caller }: IncomingCall): PassingCall {
  return { procedure, input, id: callId, caller: caller?.replica };
}

class InterceptedReply implements Reply {
  readonly #interceptor: Interceptor;
  readonly #call: PassingCall;
  readonly #reply: Reply;

  constructor(interceptor: Interceptor, call: PassingCall, reply: Reply) {
    this.#interceptor = interceptor;
    this.#call = call;
    this.#reply = reply;
  }

  get outputBytes(): number | undefined {
    return this.#reply.outputBytes;
  }

  ok(output: unknown): void {
    if (this.#interceptor.answer?.(this.#call, output) !== "lost") this.#reply.ok(output);
  }

  fail(error: ErrorData): void {
    this.#reply.fail(error);
  }

  stream(source: ItemSource): ItemSink {
    return this.#reply.stream(source);
  }
}
