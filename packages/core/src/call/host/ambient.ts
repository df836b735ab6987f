import { AsyncLocalStorage } from "node:async_hooks";
import type { Scope } from "../../scope/scope.ts";
import type { Host } from "./host.ts";

/** The handler, if any, that the running code belongs to. */
export interface Ambient {
  readonly host: Host;
  readonly scope: Scope;
}

/** Follows a handler through its awaits, so that the calls it makes carry on its deadline, signal and trace. */
export const ambient = new AsyncLocalStorage<Ambient>();
