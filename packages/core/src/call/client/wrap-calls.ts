import { createSystemClock } from "../../clock/system-clock.ts";
import type { Caller, CallOptions, Context, WrappedCall, Wrapper } from "../../declare/types.ts";
import { addMeta, decodeMeta, type Meta, type MetaChange } from "../../scope/meta.ts";
import { createCallIdPrefix, toCallId } from "../../transport/call-id.ts";
import { ambient } from "../host/ambient.ts";

/** Makes one call: `procedure` undefined is the one of a service of one handler. */
export type MakeCall = (procedure: string | undefined, input: unknown, options: CallOptions) => Promise<unknown>;

/** Puts wrappers around calls to a service, the first outermost. */
export function wrapCalls(service: string, around: readonly Wrapper[], make: MakeCall): MakeCall {
  const pass = async (
    at: number,
    procedure: string | undefined,
    input: unknown,
    options: CallOptions,
  ): Promise<unknown> => {
    const wrapper = around[at];
    if (wrapper === undefined) return make(procedure, input, options);
    const call = new CallOut(service, procedure ?? service, input, options);
    return wrapper(call, async (change = {}) =>
      pass(at + 1, procedure, "input" in change ? change.input : input, call.changed(change.meta)),
    );
  };
  return (procedure, input, options) => pass(0, procedure, input, options);
}

/** A call on its way out, as a wrapper sees it. */
class CallOut implements WrappedCall {
  readonly side = "calling";
  readonly service: string;
  readonly procedure: string;
  readonly input: unknown;
  readonly #options: CallOptions;
  #id: string | undefined;

  constructor(service: string, procedure: string, input: unknown, options: CallOptions) {
    this.service = service;
    this.procedure = procedure;
    this.input = input;
    this.#options = options;
    this.#id = options.id;
  }

  get id(): string {
    this.#id ??= toCallId(createCallIdPrefix(ambient.getStore()?.host.clock ?? createSystemClock()), 1);
    return this.#id;
  }

  get caller(): Caller | undefined {
    const self = ambient.getStore()?.host.self;
    return self === undefined || self.service === "" ? undefined : self;
  }

  get meta(): Meta {
    const before = ambient.getStore()?.scope?.meta;
    const { meta } = this.#options;
    return decodeMeta(meta === undefined ? before : addMeta(before, meta));
  }

  get context(): Context | undefined {
    return ambient.getStore()?.context;
  }

  /** What the next makes the call with. An id that was looked at is the call's. */
  changed(meta: MetaChange | undefined): CallOptions {
    const options = this.#options;
    if (meta === undefined && this.#id === options.id) return options;
    return {
      ...options,
      ...(this.#id === undefined ? {} : { id: this.#id }),
      ...(meta === undefined ? {} : { meta: { ...options.meta, ...meta } }),
    };
  }
}
