import { type AnyService, type Context, HadronError, onStart, type Part, procedure } from "@hadron/core";
import { type Faced, type WebInput, type WebOutput, withNeeds } from "@hadron/core/spi";
import { createFetch, type WebFetch } from "./client/fetch.ts";
import { type Mounted, WebHandler } from "./handle/handle.ts";
import { needsOf } from "./handle/needs.ts";
import { checkAmounts, type HttpOptions, type OpenApiOptions, resolveOptions } from "./handle/options.ts";
import { toOpenApi } from "./openapi/document.ts";
import { Matcher } from "./routes/matcher.ts";
import type { SocketRoute } from "./routes/socket-types.ts";
import type { Routes } from "./routes/table.ts";
import type { FetchHandler, FilesRoute, Route, RouteHandler } from "./routes/types.ts";
import { Sockets } from "./sockets/sockets.ts";
import type { Soon } from "./soon.ts";

/** What may stand behind a key. */
type Given = RouteHandler<any> | Route<any> | SocketRoute<any> | FetchHandler | FilesRoute;

/** What a service of routes offers: `await web.fetch("/orders/7")` asks them from code. */
export interface WebApi {
  readonly fetch: ((input: WebInput, context: Context) => Soon<WebOutput>) & Faced<WebFetch>;
  readonly [procedure: string]: (input: WebInput, context: Context) => Soon<WebOutput>;
}

/**
 * Routes of HTTP, as a part: a service of it, or a pattern of it, has limits, deadlines, cancellation, metrics and logs as any has.
 * Where it is exposed, its address answers HTTP; everywhere, `fetch` asks it from code.
 *
 * A key with a method, `"GET /orders/:id"`, has a handler behind it; one without, `"/admin/*"`, what takes whole requests:
 * files, or any function from `Request` to `Response`. A static segment is tried before a parameter, and that before `*`,
 * whatever the order.
 *
 * INVALID_DECLARATION where a key is none, two match the same requests, or an option is out of range.
 *
 * @example
 * export const web = service("web", http({
 *   "GET /hello/:name": ({ params }) => ({ hello: params.name }),
 *   "/assets/*": files("./public"),
 * }), { expose: { port: 8080 } });
 */
export function http<K extends string>(routes: Routes<K>, options: HttpOptions = {}): Part<WebApi> {
  const entries = Object.entries<Given>(routes);
  const own = entries.map(([key, given]) => [key, toMounted(key, given)] as const);
  const told = options.openapi === true ? {} : options.openapi;
  const resolved = resolveOptions(options);
  const openapi = (service: string) => toOpenApi(own, { title: service, ...told }, resolved.before);
  const mounted = told === undefined ? own : [...own, toDocumentRoute(told, openapi)];
  const hasSockets = mounted.some(([, value]) => value.kind === "socket");
  const heard = mounted.flatMap(([, value]) => (value.kind === "socket" ? (value.options.hears ?? []) : []));
  const sockets = new Sockets();
  const handler = new WebHandler(new Matcher(mounted), resolved, sockets);
  const face = { web: true, client: createFetch as never, openapi } as const;
  const description = "Answers requests of HTTP.";
  const fetch = procedure({ face, description }, (input: WebInput, context: Context) => handler.handle(input, context));
  const folders = mounted.flatMap(([, value]) => (value.kind === "files" ? [value.folder] : []));
  const part = { fetch, ...(hasSockets ? { [onStart]: sockets.start } : {}) } as unknown as WebApi;
  const filters = [
    ...resolved.before.map(({ filter }) => filter),
    ...mounted.flatMap(([, value]) => (value.kind === "route" ? (value.options.before ?? []) : [])),
  ];
  const { uses = [], generated = [] } = needsOf(filters);
  const needs = {
    files: [...new Set(folders)],
    uses: [...uses, ...(heard as unknown as readonly AnyService[])],
    generated,
  };
  return withNeeds<WebApi>(part, needs, "http");
}

/** The route that answers with what is told of the others. */
function toDocumentRoute({ path = "/openapi.json" }: OpenApiOptions, openapi: (service: string) => unknown) {
  const handler: RouteHandler = ({ context }) => openapi(context.replica.name.replace(/\.\d+$/, ""));
  return [`GET ${path}`, { kind: "route", options: {}, handler } as Mounted] as const;
}

function toMounted(key: string, given: Given): Mounted {
  const hasMethod = key.includes(" ");
  if (typeof given === "function") {
    return hasMethod
      ? { kind: "route", options: {}, handler: given as RouteHandler<any> }
      : { kind: "fetch", fetch: given as FetchHandler };
  }
  if (given?.kind === "route") {
    if (!hasMethod) fail(key, "route(…) answers one method: write it in front, as in GET /path");
    checkAmounts({ maxBodyBytes: given.options.maxBodyBytes, timeoutMs: given.options.timeoutMs });
    return given;
  }
  if (given?.kind === "socket") {
    if (!key.startsWith("GET ")) fail(key, "socket(…) is opened by GET: write it in front, as in GET /live");
    return given;
  }
  if (given?.kind === "files") {
    if (hasMethod || !key.endsWith("/*"))
      fail(key, 'files(…) takes what is below a path: write it without a method, and "/*" behind it');
    return given;
  }
  return fail(
    key,
    `it leads to ${given === null ? "null" : typeof given}, and should lead to a function, route(…), socket(…) or files(…)`,
  );
}

function fail(key: string, what: string): never {
  throw new HadronError("INVALID_DECLARATION", `The route "${key}": ${what}.`);
}
