import { type CallOptions, HadronError } from "@hadron/core";
import type { OfferedService } from "@hadron/core/spi";
import type { RunState } from "@hadron/resources/store";
import type { ShownEvent } from "../log/shown.ts";
import type { ChildRun, RunStatus, RunSummary } from "../owner/runs.ts";

/** A run, from anywhere. Each method fails as a call fails, and with NOT_FOUND where there is no such run. */
export interface RunHandle<O> {
  readonly id: string;
  /** What it gives, or throws. Waits so long at most. @param options.timeoutMs @default 30 000 */
  result(options?: { readonly timeoutMs?: number }): Promise<O>;
  status(): Promise<RunStatus>;
  /**
   * Sends to one of its hooks: stored when this resolves. A second message of the same key is none. FAILED_PRECONDITION where
   * the run is over; where it is not there, NOT_FOUND, or it is started with `start`.
   */
  send(
    hook: string,
    value?: unknown,
    options?: { readonly key?: string; readonly start?: unknown },
  ): Promise<{ readonly duplicate: boolean }>;
  /**
   * Cancels what it awaits, and the runs that it began; its `finally` blocks run, and have 30 s. Of a paused run: once it is resumed.
   */
  cancel(reason?: string): Promise<void>;
  /** Ends it at once, also where it is paused: nothing of it runs any more. The runs that it began are cancelled. */
  kill(): Promise<void>;
  /** It does nothing more until it is resumed; what comes for it waits. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Starts another run with the first `at` events of this one. */
  fork(options: { readonly at: number; readonly id: string }): Promise<RunHandle<O>>;
  /** Its events from one on, as they come, until it is over. The run's secret is not among them. @param options.from @default 0 */
  events(options?: { readonly from?: number }): AsyncIterable<ShownEvent>;
  /** As of an event: what was awaited then. */
  at(n: number): Promise<RunStatus>;
  /** The runs that it began by calling durable programs, in the order of the calls. */
  children(): Promise<readonly ChildRun[]>;
}

/** What the value of a durable service offers beside being called. */
export interface DurableService<I, O> {
  /**
   * Starts a run, or attaches to the one of that id. One that a durable program starts is cancelled with it, as those are that it calls.
   *
   * @param options.id @default its own
   * @param options.abandon The run goes on where the program that starts it is cancelled or killed. @default false
   */
  start(input: I, options?: { readonly id?: string; readonly abandon?: boolean }): Promise<RunHandle<O>>;
  /** The handle of a run, whether or not it is there. */
  run(id: string): RunHandle<O>;
  /**
   * Its runs, the latest first.
   *
   * @param options.state @default whatever it is
   * @param options.from With which run the list begins: NOT_FOUND where there is none of that id. @default the latest
   * @param options.limit @default 100, and 1000 at most
   */
  list(options?: {
    readonly state?: RunState;
    readonly from?: string;
    readonly limit?: number;
  }): Promise<readonly RunSummary[]>;
}

/** The value's methods are calls of the service's procedures. */
export function createOffers<I, O>({ call }: OfferedService): DurableService<I, O> & Readonly<Record<string, unknown>> {
  const run = (id: string): RunHandle<O> => createHandle(id, call);
  return {
    run,
    async start(input, options = {}) {
      const { id } = (await call("start", { input, ...options })) as { id: string };
      return run(id);
    },
    list: async (options = {}) => (await call("list", options)) as readonly RunSummary[],
  };
}

function createHandle<O>(id: string, call: OfferedService["call"]): RunHandle<O> {
  const ask = async <T>(procedure: string, input: object = {}, options?: CallOptions) =>
    (await call(procedure, { id, ...input }, options)) as T;
  return {
    id,
    result: ({ timeoutMs } = {}) => ask<O>("result", {}, timeoutMs === undefined ? {} : { timeoutMs }),
    status: () => ask<RunStatus>("status"),
    send: (hook, value, options = {}) => ask("send", { hook, value, ...options }),
    cancel: (reason) => ask("cancel", reason === undefined ? {} : { reason }),
    kill: () => ask("kill"),
    pause: () => ask("pause"),
    resume: () => ask("resume"),
    async fork({ at, id: newId }) {
      if (typeof newId !== "string") throw new HadronError("WRONG_USE", "fork({ at, id }): say the id of the new run.");
      await ask("fork", { at, newId });
      return createHandle(newId, call);
    },
    async *events({ from = 0 } = {}) {
      const options = { timeoutMs: Number.POSITIVE_INFINITY };
      yield* await ask<AsyncIterable<ShownEvent>>("events", { from }, options);
    },
    at: (n) => ask<RunStatus>("at", { n }),
    children: () => ask<readonly ChildRun[]>("children"),
  };
}
