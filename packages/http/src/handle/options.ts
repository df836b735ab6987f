import { HadronError } from "@hadron/core";
import { type TrustOptions, trustProxies, type Unwrap } from "../limit/proxies.ts";
import { parsePath } from "../routes/pattern.ts";
import type { Filter, PrefixFilter } from "../routes/types.ts";

/** What can be said of all routes of one `http`. */
export interface HttpOptions {
  /** Stand before all routes, in this order; those of `below` before what is below a prefix. @default none */
  readonly before?: readonly (Filter | PrefixFilter)[];
  /** Bytes of a body that is read for a handler; more is 413. @default 1 048 576 */
  readonly maxBodyBytes?: number;
  /** How long an answer may take to begin, the body included; then it is 504, or 408 where the body had not come. @default 30 000 */
  readonly timeoutMs?: number;
  /** Lets pages of other origins read what is answered. @default they may not */
  readonly cors?: CorsOptions;
  /** Proxies that stand before the app: who they say that the client is, is believed. @default nobody is */
  readonly trust?: TrustOptions;
  /** Answers `/openapi.json` with what the routes take and give, by their schemas: OpenAPI 3.1. @default it does not */
  readonly openapi?: OpenApiOptions | true;
  /** Compresses answers of 1 KiB and more, where the client takes it; never events. @default true */
  readonly compress?: boolean;
}

/** What a document says of all routes together. */
export interface OpenApiOptions {
  /** @default the service's name */
  readonly title?: string;
  /** @default "1" */
  readonly version?: string;
  /** Where it is answered, to whoever the filters let pass. @default "/openapi.json" */
  readonly path?: `/${string}`;
}

/** Cross-origin resource sharing: https://fetch.spec.whatwg.org/#http-cors-protocol. */
export interface CorsOptions {
  /** As `https://shop.example.com`; `"*"`: any, which is refused together with `credentials`. */
  readonly origins: readonly string[] | "*";
  /** Whether pages may send cookies along. @default false */
  readonly credentials?: boolean;
  /** Headers that pages may send beside the usual ones. @default those that they ask for */
  readonly headers?: readonly string[];
  /** Headers that pages may read beside the usual ones. @default none */
  readonly exposedHeaders?: readonly string[];
  /** How long a browser remembers the answer. @default 600 */
  readonly maxAgeSeconds?: number;
}

/** The options of one `http`, with nothing left open. */
export interface ResolvedHttpOptions {
  readonly before: readonly ResolvedFilter[];
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
  readonly cors: CorsOptions | undefined;
  readonly compress: boolean;
  /** Makes of a request what trusted proxies say that it was. */
  readonly unwrap: Unwrap | undefined;
}

/** A filter, and the segments of the prefix below which it stands. */
export interface ResolvedFilter {
  readonly prefix: readonly string[];
  readonly filter: Filter;
}

const KNOWN = ["before", "maxBodyBytes", "timeoutMs", "cors", "compress", "trust", "openapi"];

/** Checks options, and leaves nothing open. INVALID_DECLARATION where one is out of range. */
export function resolveOptions(options: HttpOptions): ResolvedHttpOptions {
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) fail(`http knows no option "${unknown}"; there are ${KNOWN.join(", ")}`);
  const { before = [], maxBodyBytes = 1024 * 1024, timeoutMs = 30_000, cors, compress = true, trust } = options;
  checkAmounts({ maxBodyBytes, timeoutMs });
  if (cors !== undefined && cors.origins !== "*" && !Array.isArray(cors.origins))
    fail('http: cors.origins is a list, or "*"');
  if (cors?.credentials === true && cors.origins === "*") {
    fail('http: cors with credentials lets any page act for whoever is signed in; list the origins in place of "*"');
  }
  const unwrap = trust === undefined ? undefined : trustProxies(trust);
  return { before: before.flatMap(resolveFilter), maxBodyBytes, timeoutMs, cors, compress, unwrap };
}

/** Checks sizes and times. INVALID_DECLARATION where one is no whole number from 1. */
export function checkAmounts(amounts: Readonly<Record<string, number | undefined>>): void {
  for (const [name, amount] of Object.entries(amounts)) {
    if (amount !== undefined && !(Number.isInteger(amount) && amount >= 1)) {
      fail(`http: ${name} is ${amount}, and should be a whole number, from 1`);
    }
  }
}

function resolveFilter(given: Filter | PrefixFilter): readonly ResolvedFilter[] {
  const { prefix, filters } = typeof given === "function" ? { prefix: "/", filters: [given] } : given;
  const segments = parsePath(prefix, prefix).map((segment) =>
    segment.kind === "static" ? segment.text : fail(`below("${prefix}"): a prefix has neither parameters nor "*"`),
  );
  return filters.map((filter) => {
    if (typeof filter !== "function")
      fail(`http: before holds ${typeof filter}, and should hold functions (request, next) => …`);
    return { prefix: segments, filter };
  });
}

function fail(what: string): never {
  throw new HadronError("INVALID_DECLARATION", `${what}.`);
}
