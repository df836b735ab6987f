import { HadronError } from "@hadron/core/spi";

/** A platform at a URL, and the token for it. */
export class PlatformClient {
  readonly #url: string;
  readonly #token: string;
  readonly #signal: AbortSignal;

  constructor({ url, token, signal }: { readonly url: string; readonly token: string; readonly signal: AbortSignal }) {
    this.#url = url.replace(/\/+$/, "");
    this.#token = token;
    this.#signal = signal;
  }

  /** Fails as the platform says, with its code where that is told. */
  async ask(
    method: "GET" | "POST",
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const sent = body instanceof Uint8Array ? new Uint8Array(body) : body === undefined ? null : JSON.stringify(body);
    const address = `${this.#url}/my-own-cluster/api/${path}`;
    let response: Response;
    try {
      response = await fetch(address, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, ...headers },
        body: sent,
        signal: this.#signal,
      });
    } catch (cause) {
      if (this.#signal.aborted) throw cause;
      const why = cause instanceof Error && cause.cause instanceof Error ? `: ${cause.cause.message}` : "";
      throw new HadronError("UNAVAILABLE", `No platform answers at ${this.#url}${why}. Say where it is: --url.`, {
        cause,
      });
    }
    if (response.ok) return response;
    const said = await response.text();
    throw new HadronError("RUNNER_FAILED", `${this.#url} says ${response.status}: ${detailOf(said)}`);
  }

  async json(method: "GET" | "POST", path: string, body?: unknown, headers?: Record<string, string>): Promise<any> {
    return (await this.ask(method, path, body, headers)).json();
  }
}

function detailOf(body: string): string {
  try {
    const { detail, title } = JSON.parse(body) as { readonly detail?: string; readonly title?: string };
    return detail ?? title ?? body;
  } catch {
    return body.slice(0, 200) || "nothing more.";
  }
}
