import { titleOf, type WebAnswer } from "@hadron/core/spi";

/** An answer as data, such as {@link problem} makes: what a handler or filter may return in place of a `Response`. */
export class HttpAnswer implements WebAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;

  constructor(status: number, headers: readonly string[], body = "") {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/**
 * An answer that something went wrong, as `application/problem+json` (RFC 9457). May be returned or thrown.
 *
 * @param detail What is wrong with this request, for whoever sent it.
 * @param more Further members, or others than `type`, `title`.
 * @throws RangeError where the status is none from 400 to 599
 * @example orders.get(params.id) ?? problem(404, "There is no such order")
 */
export function problem(status: number, detail?: string, more: Readonly<Record<string, unknown>> = {}): HttpAnswer {
  if (!(Number.isInteger(status) && status >= 400 && status <= 599)) {
    throw new RangeError(`problem: the status is ${status}, and should be from 400 to 599.`);
  }
  const body = {
    type: "about:blank",
    title: titleOf(status),
    status,
    ...(detail === undefined ? {} : { detail }),
    ...more,
  };
  return new HttpAnswer(status, ["content-type", "application/problem+json"], JSON.stringify(body));
}

/**
 * An answer that sends the client elsewhere. A path, or a URL: never what a client sent, unchecked.
 *
 * @param status @default 303: the client asks there by GET. 307 and 308 keep the method, 308 and 301 are kept by caches.
 * @throws RangeError where the status is none of these, TypeError where the location has a control character
 */
export function redirect(location: string, status: 301 | 302 | 303 | 307 | 308 = 303): HttpAnswer {
  if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError(`redirect: the status is ${status}.`);
  if (/[^\x21-\x7e]/.test(location)) {
    throw new TypeError(`redirect: the location ${JSON.stringify(location)} has characters that have to be encoded.`);
  }
  return new HttpAnswer(status, ["location", location]);
}
