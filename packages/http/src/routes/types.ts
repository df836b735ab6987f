import type { Context, Schema } from "@hadron/core";
import type { HttpAnswer } from "../answer/http-answer.ts";

/** What a route's handler is given. */
export interface Incoming<P = Readonly<Record<string, string>>, B = unknown, Q = Query> {
  /** The web's `Request`: made when it is looked at. Its body can be read where `body` was not. */
  readonly request: Request;
  /** From the path, decoded. */
  readonly params: P;
  /** From behind the `?`; of a name that is there twice the first. `new URL(request.url).searchParams` has all. */
  readonly query: Q;
  /**
   * JSON, a form or a text, read and parsed by its content type; checked, where the route has a schema. Undefined where there is
   * none, or it is something else: then `request` has it, or `route({ body: "bytes" }, …)`.
   */
  readonly body: B;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  /** Aborts when the client goes away, or its time is over. */
  readonly signal: AbortSignal;
  /** As every handler's. */
  readonly context: Context;
}

/** What stands behind the `?`. */
export type Query = Readonly<Record<string, string | undefined>>;

/**
 * Answers requests at a route. Its value is sent as JSON, and undefined as 204; a `Response`, and what `problem` and `redirect`
 * make, as they are; `Uint8Array`, `ArrayBuffer`, `Blob` and `ReadableStream` as bytes; an async iterable, such as an async generator's, as
 * server-sent events.
 */
export type RouteHandler<P = Readonly<Record<string, string>>, B = unknown, Q = Query> = (
  incoming: Incoming<P, B, Q>,
) => unknown;

/** Any handler of the web: takes requests as they are, whatever their method. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/**
 * Stands before routes: may answer by itself, let the request pass (`next()`) as it is or as another, and look at the answer.
 * What a route throws comes back as the answer that it becomes.
 */
export type Filter = (
  request: Request,
  next: (request?: Request) => Promise<Response>,
) => Response | HttpAnswer | Promise<Response | HttpAnswer>;

/** Filters for what is below a prefix alone: see `below`. */
export interface PrefixFilter {
  readonly prefix: string;
  readonly filters: readonly Filter[];
}

export type SchemaOutput<S> = S extends Schema<infer _, infer O> ? O : never;
export type SchemaInput<S> = S extends Schema<infer I, infer _> ? I : never;

/** How a route's body is given to its handler. */
export type BodyForm = "parsed" | "bytes" | "stream";

/** What can be said of a route. */
export interface RouteOptions<
  I extends Schema<any, any> | undefined = Schema<any, any> | undefined,
  O extends Schema<any, any> | undefined = Schema<any, any> | undefined,
  Q extends Schema<any, any> | undefined = Schema<any, any> | undefined,
  F extends BodyForm = BodyForm,
> {
  /** Checks and converts the body, JSON or a form. What does not fit is 400, and names the field; another content type 415. @default anything */
  readonly input?: I;
  /** Checks and converts what the handler returns. What does not fit is 500, and told in the log. @default anything */
  readonly output?: O;
  /** Checks and converts the query; a name that is there twice is an array. @default texts */
  readonly query?: Q;
  /** `bytes`: the body as it came, such as for a signature; `stream`: an async iterable of it as it comes, without a limit of `maxBodyBytes`. @default "parsed" */
  readonly body?: F;
  /** More is 413. @default that of `http` */
  readonly maxBodyBytes?: number;
  /** How long the answer may take to begin; 504 then. @default that of `http` */
  readonly timeoutMs?: number;
  /** One sentence for those who read the OpenAPI document. @default none */
  readonly description?: string;
  /** The status of an answer that is a value. @default 200 */
  readonly status?: number;
  /** Stand before this route alone, inside of those of `http`. @default none */
  readonly before?: readonly Filter[];
}

/** What a route's handler finds as its body. */
export type BodyOf<I, F> =
  I extends Schema<any, any>
    ? SchemaOutput<I>
    : F extends "bytes"
      ? Uint8Array
      : F extends "stream"
        ? AsyncIterable<Uint8Array>
        : unknown;

export type QueryOf<Q> = Q extends Schema<any, any> ? SchemaOutput<Q> : Query;

/** What a route's handler may return, where its values have a schema. */
export type Answered<O> = O extends Schema<any, any> ? SchemaInput<O> | Response | HttpAnswer : unknown;

/** A handler with what was said of it; `route` makes it. `P` are the parameters that it asks for. */
export interface Route<in P = never> {
  readonly kind: "route";
  readonly options: RouteOptions;
  readonly handler: (incoming: Incoming<P, any, any>) => unknown;
}

/** A folder of files; `files` makes it. */
export interface FilesRoute {
  readonly kind: "files";
  readonly folder: string;
  /** Where it lies, found when it is first asked for. */
  readonly place: () => string;
  readonly options: Required<FilesOptions>;
}

/** What can be said of a folder of files. */
export interface FilesOptions {
  /** Of a single-page application: what is not there, and is no file by its name, is answered with `index.html`. @default false */
  readonly spa?: boolean;
  /** How long caches may keep a file whose name has no hash, in seconds. @default 0: they ask each time */
  readonly maxAgeSeconds?: number;
}
