import { HadronError, type Schema } from "@hadron/core";
import { recordSite, toAppPath } from "@hadron/core/spi";
import type {
  Answered,
  BodyForm,
  BodyOf,
  FilesOptions,
  FilesRoute,
  Filter,
  Incoming,
  PrefixFilter,
  QueryOf,
  Route,
  RouteOptions,
} from "./types.ts";

/**
 * A route's handler together with what needs to be said of it. INVALID_DECLARATION where an option is none.
 *
 * @example
 * "POST /orders": route({ input: Order, output: Saved, status: 201 }, ({ body }) => orders.save(body)),
 */
export function route<
  P,
  I extends Schema<any, any> | undefined = undefined,
  O extends Schema<any, any> | undefined = undefined,
  Q extends Schema<any, any> | undefined = undefined,
  F extends BodyForm = "parsed",
>(
  options: RouteOptions<I, O, Q, F>,
  handler: (incoming: Incoming<P, BodyOf<I, F>, QueryOf<Q>>) => Answered<O> | Promise<Answered<O>>,
): Route<P> {
  if (typeof handler !== "function") fail("route(options, handler): the handler is no function");
  for (const side of ["input", "output", "query"] as const) {
    const schema = options[side];
    if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function") {
      fail(`route: ${side} is no schema; use one of zod, valibot, arktype or any that follows Standard Schema`);
    }
  }
  const { body = "parsed" } = options;
  if (options.input !== undefined && body !== "parsed") fail(`route: with input, the body is parsed and not "${body}"`);
  return { kind: "route", options: options as RouteOptions, handler };
}

/**
 * A route whose body comes as bytes, as it was sent: for signatures, and for what is no JSON.
 *
 * @example "POST /hooks/github": raw(({ body }) => note(body), { before: [hmac(key, { as: "github" })] })
 */
export function raw<P>(
  handler: (incoming: Incoming<P, Uint8Array>) => unknown,
  options: Omit<RouteOptions<undefined, undefined, undefined>, "body" | "input" | "output" | "query"> = {},
): Route<P> {
  return route<P, undefined, undefined, undefined, "bytes">({ ...options, body: "bytes" }, handler);
}

/**
 * The files of a folder, carried along with the app. For a key that ends in `/*`.
 *
 * @param folder Relative to the app file, below its folder.
 * @example "/assets/*": files("./public"),
 */
export function files(folder: string, options: FilesOptions = {}): FilesRoute {
  const path = folder.replace(/^\.\//, "").replace(/\/$/, "");
  const { spa = false, maxAgeSeconds = 0 } = options;
  const site = recordSite();
  let place: string | undefined;
  const findPlace = () => {
    place ??= toAppPath(path, site);
    return place;
  };
  return { kind: "files", folder: path, place: findPlace, options: { spa, maxAgeSeconds } };
}

/**
 * Filters that stand before what is below a prefix alone. The path is compared as routes are: decoded, once.
 *
 * @example before: [logged, below("/admin", signedIn)]
 */
export function below(prefix: string, ...filters: readonly Filter[]): PrefixFilter {
  return { prefix, filters };
}

function fail(what: string): never {
  throw new HadronError("INVALID_DECLARATION", `${what}.`);
}
