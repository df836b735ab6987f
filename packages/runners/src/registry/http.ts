import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { HadronError, systemCode } from "@hadron/core/spi";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body; consume it or call `resume()`. */
  readonly body: Readable;
}

export interface HttpOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Readable;
  readonly signal?: AbortSignal | undefined;
}

/** What breaks a request off that would do another time. */
const BROKEN = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "EAI_AGAIN"];

/** One HTTP request, without following redirects. RUNNER_FAILED where nobody answers. */
export function send(url: URL, { method = "GET", headers = {}, body, signal }: HttpOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "http:" ? httpRequest : httpsRequest)(url, {
      method,
      headers: { ...headers, ...(body instanceof Uint8Array ? { "content-length": String(body.byteLength) } : {}) },
      ...(signal === undefined ? {} : { signal }),
    });
    request.once("response", (response) =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response }),
    );
    request.once("error", (cause) => {
      if (signal?.aborted) return reject(signal.reason);
      const code = systemCode(cause);
      const plain =
        code === "EPROTO" && url.protocol === "https:"
          ? " (it seems to speak plain HTTP, which is only taken from this machine)"
          : "";
      reject(
        new HadronError(
          "RUNNER_FAILED",
          `The registry at ${url.origin} does not answer: ${code ?? cause.message}${plain}.`,
          { cause, retryable: code !== undefined && BROKEN.includes(code) },
        ),
      );
    });
    if (body instanceof Readable) body.once("error", (cause) => request.destroy(cause)).pipe(request);
    else request.end(body);
  });
}
