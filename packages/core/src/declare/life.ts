import type { Clock } from "../clock/clock.ts";
import { HadronError } from "../errors.ts";
import type { Log, Replica } from "./replica.ts";

/**
 * The name of what a part does in a replica without being called. On an object of handlers, on a handler, or on what a
 * pattern's `root` returns, it is called once in each replica, after the replica was made and before it says that it is
 * ready; never where the file is only composed or checked.
 *
 * The replica is ready when it resolves. Work that goes on is begun by it, not awaited in it, and ends when
 * `signal` aborts: as soon as the replica is told to stop. `Symbol.asyncDispose` beside it is called after that, when the last call is
 * answered, within the service's `drainMs`. Where it fails, the replica has failed, and its reason is shown.
 *
 * Calls that it makes, and the work that it begins, have 30 s each unless they say otherwise, as calls outside of a handler have.
 *
 * @example
 * export const ticker = service("ticker", {
 *   count: () => ticks,
 *   [onStart]({ signal }) {
 *     const timer = setInterval(() => ticks++, 1000);
 *     signal.addEventListener("abort", () => clearInterval(timer));
 *   },
 *   async [Symbol.asyncDispose]() { await save(ticks); },
 * });
 */
export const onStart: unique symbol = Symbol.for("dev.hadron.start") as never;

/** What a part knows when it starts in a replica. */
export interface StartContext {
  /**
   * Aborts when the replica is told to stop: its reason is CANCELLED. In a test, also when it is killed: UNAVAILABLE, and what
   * the operating system would take back from a dead process, such as a lock on a file, has to be let go at once.
   */
  readonly signal: AbortSignal;
  /** The full name of the service that it is part of. */
  readonly service: string;
  readonly replica: Replica;
  readonly log: Log;
  /** Time and chance: the machine's, or a test's. */
  readonly clock: Clock;
  /** The name of the app. */
  readonly app: string;
  /** Where the app file lies, where this runs on the machine of whoever wrote it; undefined elsewhere. */
  readonly appFolder: string | undefined;
  /** The URL at which outside callers find the service; undefined where it is not exposed, or its runner cannot know. */
  readonly outside: string | undefined;
  /** The variables with the URLs of servers that run elsewhere, by the hidden service that would run them here. */
  readonly elsewhere: Readonly<Record<string, string>>;
  /** Whether what another deployment of an app of this name kept on those servers is taken over: `up --adopt`. */
  readonly adopt: boolean;
  /** The resources of the app that this service keeps. */
  readonly keeps: readonly Kept[];
}

/** A resource, as its keeper knows it. */
export interface Kept {
  readonly kind: string;
  readonly name: string;
  /** What `describe` shows of it. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What its declaration gave for the keeper: see `ResourceSpec.keeping`. */
  readonly keeping: unknown;
}

/** What a part may tell when it has started. */
export interface Started {
  /** Of a stand-in: where each port of the image is, by its name, as `host:port`. */
  readonly addresses?: Readonly<Record<string, string>>;
}

/** What may stand beside handlers, on the same object or function. */
export interface Living {
  readonly [onStart]?: (context: StartContext) => unknown;
  readonly [Symbol.asyncDispose]?: () => unknown;
}

/** What a part does in a replica without being called, found on what it made. */
export interface Life {
  start(context: StartContext): Promise<Started>;
  dispose(): Promise<void>;
}

/** The life of what was given as a part; undefined where it has none. INVALID_DECLARATION where it is no function. */
export function lifeOf(value: object, where: string): Life | undefined {
  const { [onStart]: start, [Symbol.asyncDispose]: dispose } = value as Living;
  if (start === undefined && dispose === undefined) return undefined;
  for (const [name, part] of Object.entries({ "[onStart]": start, "[Symbol.asyncDispose]": dispose })) {
    if (part === undefined || typeof part === "function") continue;
    throw new HadronError("INVALID_DECLARATION", `${where}: ${name} is ${typeof part}, and should be a function.`);
  }
  return {
    start: async (context) => ((await start?.call(value, context)) ?? {}) as Started,
    dispose: async () => {
      await dispose?.call(value);
    },
  };
}
