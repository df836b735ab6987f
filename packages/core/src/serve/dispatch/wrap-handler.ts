import type { Caller, Context, WrappedCall, Wrapper } from "../../declare/types.ts";
import type { Authenticator } from "../../scope/credentials.ts";
import { addMeta, type Meta } from "../../scope/meta.ts";
import type { Scope } from "../../scope/scope.ts";

/** A call that is being served. */
export interface Serving {
  readonly context: Context;
  readonly scope: Scope;
  /** Has whoever comes from outside show who it is. UNAUTHENTICATED where it is nobody. */
  admit(guard: Authenticator): Promise<void>;
  /** Runs its handler, between its schemas. */
  proceed(input: unknown): unknown;
}

/** Runs a call through wrappers, the first outermost, and then its handler. */
export type WrappedHandler = (serving: Serving, input: unknown) => Promise<unknown>;

/** Puts wrappers around the handler of a procedure, and a guard before them; undefined where there are none. */
export function wrapHandler(
  service: string,
  procedure: string,
  around: readonly Wrapper[],
  guard: Authenticator | undefined,
): WrappedHandler | undefined {
  if (around.length === 0 && guard === undefined) return undefined;
  const pass = async (at: number, serving: Serving, input: unknown): Promise<unknown> => {
    const wrapper = around[at];
    if (wrapper === undefined) return serving.proceed(input);
    return wrapper(new CallIn(service, procedure, input, serving.context), async (change = {}) => {
      const { scope } = serving;
      if (change.meta !== undefined) scope.meta = addMeta(scope.meta, change.meta);
      return pass(at + 1, serving, "input" in change ? change.input : input);
    });
  };
  if (guard === undefined) return (serving, input) => pass(0, serving, input);
  return async (serving, input) => {
    await serving.admit(guard);
    return pass(0, serving, input);
  };
}

/** A call on its way to a handler, as a wrapper sees it. */
class CallIn implements WrappedCall {
  readonly side = "serving";
  readonly service: string;
  readonly procedure: string;
  readonly input: unknown;
  readonly context: Context;

  constructor(service: string, procedure: string, input: unknown, context: Context) {
    this.service = service;
    this.procedure = procedure;
    this.input = input;
    this.context = context;
  }

  get id(): string {
    return this.context.id;
  }

  get caller(): Caller | undefined {
    return this.context.caller;
  }

  get meta(): Meta {
    return this.context.meta;
  }
}
