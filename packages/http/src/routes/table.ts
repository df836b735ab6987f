import type { Params } from "./params.ts";
import type { SocketRoute } from "./socket-types.ts";
import type { FetchHandler, FilesRoute, Route, RouteHandler } from "./types.ts";

/** What may stand behind a key: behind one with a method a handler, behind one without what takes whole requests. */
export type RouteAt<K extends string> = K extends `${string} ${string}`
  ? RouteHandler<Params<K>> | Route<Params<K>> | SocketRoute<Params<K>>
  : FetchHandler | FilesRoute;

/** Routes by their keys. */
export type Routes<K extends string> = { readonly [Key in K]: RouteAt<Key> };
