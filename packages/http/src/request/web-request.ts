import { problem } from "../answer/http-answer.ts";
import type { Arrived } from "./arrived.ts";

/** What a host can be: a name or an address, and a port. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** Whose connections requests came over. */
const ADDRESSES = new WeakMap<Request, string>();

/**
 * Whose connection a request came over: the client's own, where `trust` says which proxies stand before. Undefined where that is not known, as
 * of a request that a test makes.
 */
export function addressOf(request: Request): string | undefined {
  return ADDRESSES.get(request);
}

/**
 * The web's `Request` of what has come. Throws the answer 400 where its `Host` is none.
 *
 * @param bytes What was read of the body, where it was.
 */
export function toRequest(arrived: Arrived, signal: AbortSignal, bytes?: Uint8Array): Request {
  const { method, url, rawHeaders, secure, chunks } = arrived;
  const host = arrived.headers.host ?? "localhost";
  if (!HOST.test(host)) throw problem(400, "The header Host is no host.");
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] as string, rawHeaders[at + 1] as string);
  const path = url.startsWith("/") ? url : url.replace(/^https?:\/\/[^/?#]+/i, "") || "/";
  const bodiless = chunks === undefined || method === "GET" || method === "HEAD";
  const body = bodiless ? null : ((bytes ?? ReadableStream.from(chunks())) as Uint8Array<ArrayBuffer> | ReadableStream);
  const request = new Request(`${secure ? "https" : "http"}://${host}${path}`, {
    method,
    headers,
    signal,
    body,
    ...(bodiless ? {} : { duplex: "half" }),
  });
  if (arrived.address !== undefined) ADDRESSES.set(request, arrived.address);
  return request;
}

/** What a filter made of a request, as one that has come: its body is read from it. */
export function fromRequest(request: Request, before: Arrived): Arrived {
  const { pathname, search } = new URL(request.url);
  const rawHeaders = [...request.headers].flat();
  const { body } = request;
  return {
    method: request.method,
    url: pathname + search,
    rawHeaders,
    headers: Object.assign(Object.create(null), Object.fromEntries(request.headers)),
    address: before.address,
    secure: before.secure,
    upgrade: before.upgrade,
    chunks: before.upgrade ? before.chunks : body === null ? undefined : () => body,
  };
}
