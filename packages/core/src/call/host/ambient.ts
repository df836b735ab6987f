import { AsyncLocalStorage } from "node:async_hooks";
import type { Scope } from "../../scope/scope.ts";
import type { Host } from "./host.ts";

/** What the running code belongs to: a handler, or what a replica does without being called. */
export interface Ambient {
  readonly host: Host;
  /** Of the handler's call; undefined where there is none. */
  readonly scope: Scope | undefined;
}

/** Follows a handler through its awaits, so that the calls it makes carry on its deadline, signal and trace. */
export const ambient = new AsyncLocalStorage<Ambient>();
