import type { Authenticator } from "../scope/credentials.ts";
import type { Needs } from "./needs.ts";

/**
 * Says who a caller from outside is. `auth` of `@hadron/http` makes some.
 *
 * @example
 * const guard: Guard = { authenticate: ({ headers }) => users.whoHas(headers.authorization) };
 */
export interface Guard extends Authenticator {
  /** What it looks at: secrets, key-values. They come along with the service. @default nothing */
  readonly uses?: Needs["uses"];
}

/** What is wrong with a guard of what takes requests of HTTP whole. */
export const GUARDS_NOBODY =
  "guard stands before calls of JSON-RPC, and this takes none; of routes, say before: [auth…] in http(…)";
