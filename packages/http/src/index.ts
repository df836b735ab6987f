/** Routes of HTTP, as a part of an app. */
export { type EventFields, event, type ServerEvent } from "./answer/events.ts";
export { type HttpAnswer, problem, redirect } from "./answer/http-answer.ts";
export type { ApiKeyOptions } from "./auth/api-key.ts";
export { auth } from "./auth/auth.ts";
export type { BasicOptions } from "./auth/basic.ts";
export type { TokenOptions } from "./auth/bearer.ts";
export { type HmacForm, type HmacOptions, hmac } from "./auth/hmac.ts";
export type { Keeps, Known } from "./auth/kept.ts";
export type { Auth } from "./auth/scheme.ts";
export type { KeepsSessions, SessionAuth, SessionKept, SessionOptions } from "./auth/session.ts";
export type { WebFetch } from "./client/fetch.ts";
export { type Listener, type ListenOptions, listenAt } from "./gateway/listen-at.ts";
export type { ListenMethod } from "./gateway/place.ts";
export type { CorsOptions, HttpOptions, OpenApiOptions } from "./handle/options.ts";
export { http, type WebApi } from "./http.ts";
export { type Counts, type LimitOptions, limit } from "./limit/limit.ts";
export type { TrustOptions } from "./limit/proxies.ts";
export { addressOf } from "./request/web-request.ts";
export type { Params } from "./routes/params.ts";
export { below, files, raw, route } from "./routes/route.ts";
export type {
  Closed,
  Heard,
  SocketHandler,
  SocketIncoming,
  SocketOptions,
  SocketRoute,
} from "./routes/socket-types.ts";
export type { RouteAt, Routes } from "./routes/table.ts";
export type {
  BodyForm,
  FetchHandler,
  FilesOptions,
  FilesRoute,
  Filter,
  Incoming,
  PrefixFilter,
  Query,
  Route,
  RouteHandler,
  RouteOptions,
} from "./routes/types.ts";
export { type Broadcast, broadcast } from "./sockets/broadcast.ts";
export { socket } from "./sockets/socket.ts";
