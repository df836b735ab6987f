import { isHadronError } from "@hadron/core";
import { isStream, toErrorData, toProblem, type WebAnswer, type WebRequest } from "@hadron/core/spi";
import { toResponse } from "../answer/response.ts";

/** Asks a service's routes, as `fetch` asks a server: a path, or a URL whose host is only told as `Host`. */
export type WebFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

const NOWHERE = "http://localhost";

/** Makes `fetch` of the plain call of a procedure that takes requests. What a call fails with is an answer, as it is over HTTP. */
export function createFetch(call: (input: unknown) => Promise<unknown>): WebFetch {
  return async (input, init) => {
    const request = new Request(typeof input === "string" ? new URL(input, NOWHERE) : input, {
      redirect: "manual",
      ...init,
    });
    const { signal } = request;
    signal.throwIfAborted();
    const head = toHead(request, input);
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await toWebResponse(await Promise.race([call(withBody(head, request)), aborted.promise]));
    } catch (error) {
      if (!isHadronError(error)) throw error;
      const answer = toProblem(toErrorData(error));
      return toResponse({ ...answer, headers: [...answer.headers], body: answer.body });
    } finally {
      signal.removeEventListener("abort", abort);
    }
  };
}

/** As it was written, where it was a text: a URL would resolve `..` before the routes see it. */
function toHead(request: Request, input: string | URL | Request): WebRequest {
  const { pathname, search, host, protocol } = new URL(request.url);
  const url = typeof input === "string" && input.startsWith("/") ? (input.split("#", 1)[0] ?? "/") : pathname + search;
  const headers = ["host", host, ...[...request.headers].flat()];
  return { method: request.method, url, headers, secure: protocol === "https:" };
}

function withBody(head: WebRequest, { body }: Request): WebRequest | AsyncIterable<WebRequest | Uint8Array> {
  return body === null ? head : items(head, body);
}

async function* items(head: WebRequest, body: AsyncIterable<Uint8Array>): AsyncGenerator<WebRequest | Uint8Array> {
  yield head;
  yield* body;
}

async function toWebResponse(output: unknown): Promise<Response> {
  if (!isStream(output)) {
    const { status, headers, body } = output as WebAnswer;
    return toResponse({ status, headers: [...headers], body });
  }
  const iterator = output[Symbol.asyncIterator]() as AsyncIterator<WebAnswer | string | Uint8Array>;
  const first = await iterator.next();
  const { status, headers } = first.value as WebAnswer;
  const chunks = { [Symbol.asyncIterator]: () => iterator as AsyncIterator<string | Uint8Array> };
  return toResponse({ status, headers: [...headers], body: chunks });
}
