import { AsyncLocalStorage } from "node:async_hooks";
import type { Clockwork } from "../../clock/clockwork.ts";
import type { Address, CallOptions, Context, Log } from "../../declare/types.ts";
import type { App } from "../../describe/compose/app.ts";
import type { GivenValues } from "../../given/given-values.ts";
import type { Scope } from "../../scope/scope.ts";
import type { Hello } from "../../transport/transport.ts";
import type { ImagePort } from "../directory/addresses.ts";

/** The side of a process that calls, as the code that runs in it needs it. */
export interface CallingSide {
  readonly self: Hello;
  readonly clock: Clockwork;
  /** The app, where its code is here. */
  readonly app: App | undefined;
  /** What it is given beside its code. */
  readonly given: GivenValues;
  /** Where the replica writes its log; undefined outside of replicas. */
  readonly log: Log | undefined;
  /** Calls back when it is closed: what was opened through it is closed then. */
  onClose(close: () => unknown): void;
  /** How many replicas of a service run now, as far as this side knows. */
  count(service: string): number;
  /** Calls a service: any of its replicas. Fails as the call fails: see `ERROR_CODES`. */
  call(service: string, procedure: string | undefined, input: unknown, options: CallOptions): Promise<unknown>;
  /** Where a port of an image is. Fails as a call does, and with FAILED_PRECONDITION where that cannot be known from here. */
  address(service: string, port: ImagePort): Promise<Address>;
}

/** What the running code belongs to: a handler, or what a replica does without being called. */
export interface Ambient {
  readonly host: CallingSide;
  /** Of the handler's call; undefined where there is none. */
  readonly scope: Scope | undefined;
  /** The handler's; undefined where there is none. */
  readonly context: Context | undefined;
}

/** Follows a handler through its awaits, so that the calls it makes carry on its deadline, signal and trace. */
export const ambient = new AsyncLocalStorage<Ambient>();

/** Runs something whose calls go out through a host, within no call: what it calls has a deadline and a trace of its own. */
export function callThrough<T>(host: CallingSide, work: () => T): T {
  return ambient.run({ host, scope: undefined, context: undefined }, work);
}
