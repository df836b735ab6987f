import type { User } from "./user.ts";

/** Who calls a handler. */
export interface Caller {
  /** The name of the service whose handler calls; undefined: the call comes from outside. */
  readonly service: string | undefined;
  /** The full name of its replica, e.g. `shop.1`; undefined where it has none. */
  readonly replica: string | undefined;
  /** On whose behalf, where somebody has shown who they are: at this service, or at one above it in the tree of calls. */
  readonly user?: User | undefined;
}
