import { HadronError } from "@hadron/core";
import { isOpenRequest, isStream, type WebRequest } from "@hadron/core/spi";
import { toHeaders } from "./fields.ts";

/** A request that has come: its head, and its body where it has one. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Whose connection it came over. */
  readonly address: string | undefined;
  readonly secure: boolean;
  /** Whether its connection is given over, where the answer is 101. */
  readonly upgrade: boolean;
  /** The body; it can be read once. Undefined: there is none. */
  readonly chunks: (() => AsyncIterable<Uint8Array>) | undefined;
  /** The body, where it has come whole and nobody has read of it; undefined: `chunks` has it. @default it has not */
  readonly whole?: (() => Uint8Array | undefined) | undefined;
}

/**
 * Reads what a procedure was given as a request: its data, whole or as it comes; or a path, which is asked for by GET.
 * INVALID_INPUT where it is none: only whoever calls the procedure by name can give that.
 */
export function arrive(input: unknown): Arrived | Promise<Arrived> {
  if (isOpenRequest(input)) {
    return new ArrivedRequest(
      input,
      () => input.chunks(),
      () => input.whole(),
    );
  }
  if (isStream(input)) return arriveInItems(input);
  if (typeof input === "string") return new ArrivedRequest({ method: "GET", url: input, headers: [] });
  const head = toHead(input);
  const { body } = head;
  if (body === undefined) return new ArrivedRequest(head);
  return new ArrivedRequest(
    head,
    () => once(body),
    () => toBytes(body),
  );
}

class ArrivedRequest implements Arrived {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly address: string | undefined;
  readonly secure: boolean;
  readonly upgrade: boolean;
  readonly chunks: Arrived["chunks"];
  readonly whole: Arrived["whole"];
  #headers: Arrived["headers"] | undefined;

  constructor(head: WebRequest, chunks?: Arrived["chunks"], whole?: Arrived["whole"]) {
    this.method = head.method;
    this.url = head.url;
    this.rawHeaders = head.headers;
    this.address = head.address;
    this.secure = head.secure ?? false;
    this.upgrade = head.upgrade === true && chunks !== undefined;
    this.chunks = chunks;
    this.whole = whole;
  }

  get headers(): Arrived["headers"] {
    this.#headers ??= toHeaders(this.rawHeaders);
    return this.#headers;
  }
}

async function arriveInItems(items: AsyncIterable<unknown>): Promise<Arrived> {
  const iterator = items[Symbol.asyncIterator]();
  const first = await iterator.next();
  const head = toHead(first.done ? undefined : first.value);
  return new ArrivedRequest(head, () => rest(iterator));
}

async function* rest(iterator: AsyncIterator<unknown>): AsyncGenerator<Uint8Array> {
  try {
    for (let step = await iterator.next(); !step.done; step = await iterator.next()) yield toBytes(step.value);
  } finally {
    await iterator.return?.();
  }
}

async function* once(body: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield toBytes(body);
}

function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === "string") return Buffer.from(chunk);
  throw noRequest();
}

function toHead(value: unknown): WebRequest {
  if (typeof value !== "object" || value === null) throw noRequest();
  const { method = "GET", url, headers = [], address, secure, upgrade, body } = value as Partial<WebRequest>;
  const fits =
    typeof method === "string" &&
    (method === "GET" || /^[A-Z][A-Z-]*$/.test(method)) &&
    typeof url === "string" &&
    areFields(headers) &&
    (address === undefined || typeof address === "string") &&
    (body === undefined || typeof body === "string" || body instanceof Uint8Array);
  if (!fits) throw noRequest();
  const head = { method, url, headers, address, secure: secure === true, upgrade: upgrade === true };
  return body === undefined ? head : { ...head, body };
}

function areFields(headers: unknown): headers is readonly string[] {
  return Array.isArray(headers) && headers.length % 2 === 0 && headers.every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function noRequest(): HadronError {
  const example = JSON.stringify({ method: "GET", url: "/path?query", headers: ["accept", "*/*"], body: "text" });
  return new HadronError("INVALID_INPUT", `The input is no request of HTTP: give a path, or ${example}.`);
}
