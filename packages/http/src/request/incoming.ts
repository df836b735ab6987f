import type { Context } from "@hadron/core";
import type { Incoming, Query } from "../routes/types.ts";
import type { Arrived } from "./arrived.ts";
import type { ReadBody } from "./body.ts";
import { toCookies, toQuery } from "./fields.ts";
import { toRequest } from "./web-request.ts";

/** What a handler is given: each part is made when it is looked at. */
export class IncomingRequest implements Incoming<Readonly<Record<string, string>>, unknown, unknown> {
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly context: Context;
  readonly #arrived: Arrived;
  readonly #queryText: string;
  readonly #bytes: Uint8Array | undefined;
  #query: unknown;
  #cookies: Query | undefined;
  #request: Request | undefined;

  constructor(
    arrived: Arrived,
    params: Readonly<Record<string, string>>,
    query: string,
    context: Context,
    read: ReadBody | undefined,
    /** What a schema made of the query. */
    checkedQuery: unknown,
  ) {
    this.#arrived = arrived;
    this.params = params;
    this.#queryText = query;
    this.context = context;
    this.body = read?.value;
    this.#bytes = read?.bytes;
    this.#query = checkedQuery;
  }

  get request(): Request {
    this.#request ??= toRequest(this.#arrived, this.context.signal, this.#bytes);
    return this.#request;
  }
  get query(): unknown {
    this.#query ??= toQuery(this.#queryText);
    return this.#query;
  }
  get headers(): Query {
    return this.#arrived.headers;
  }
  get cookies(): Query {
    this.#cookies ??= toCookies(this.#arrived.headers.cookie);
    return this.#cookies;
  }
  get signal(): AbortSignal {
    return this.context.signal;
  }
}
