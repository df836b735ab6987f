import type { RequestOptions } from "node:https";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { HadronError, inWords, systemCode } from "@hadron/core/spi";
import { parseStatus, toError } from "./api-error.ts";
import { type Answer, Connection } from "./connection.ts";
import { type Credentials, createAuthenticator } from "./credentials.ts";
import type { Target } from "./kube-config.ts";

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With a leading slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Of the body. @default application/json */
  readonly type?: string;
  /** What it does, for a message: `list pods`. */
  readonly what: string;
  /** Whether it is the pod's own answer that counts, whatever it is. @default false */
  readonly once?: boolean;
  readonly signal: AbortSignal;
}

/** How long requests are repeated while an API server that has answered before does not answer. */
const AWAY_MS = 60_000;
const ATTEMPTS = 8;

/**
 * The API server, in plain JSON: what is sent is what was meant. (The typed serializer of @kubernetes/client-node drops
 * fields that its model has under another name, a NetworkPolicy's `from` among them.)
 *
 * Every request that we make may be repeated, so each is, where the server is away, overloaded (429, 5xx) or restarts.
 */
export class Api {
  readonly target: Target;
  /** How many requests were made, and bytes received; for the benches. */
  readonly counted = { requests: 0, bytes: 0 };
  readonly #authenticate: () => Promise<Credentials>;
  readonly #connection: Connection;
  readonly #closing = new AbortController();
  #answered = false;

  constructor(target: Target) {
    this.target = target;
    this.#authenticate = createAuthenticator(target);
    this.#connection = new Connection(target);
  }

  get namespace(): string {
    return this.target.namespace;
  }

  /** Aborts when this is closed: what is under way then ends, and nothing begins any more. */
  get lifetime(): AbortSignal {
    return this.#closing.signal;
  }

  /** One request, answered in JSON. RUNNER_FAILED; `statusOf(error)` is the server's own word. */
  async json<T>(request: ApiRequest): Promise<T> {
    return JSON.parse((await this.text(request)) || "null");
  }

  async text(request: ApiRequest): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of await this.#insist(request)) chunks.push(chunk);
      } catch (cause) {
        request.signal.throwIfAborted();
        this.#closing.signal.throwIfAborted();
        if (cause instanceof HadronError) throw cause;
        // It broke in the middle of the answer.
        if (attempt >= ATTEMPTS) throw this.#away(request, cause);
        continue;
      }
      const body = Buffer.concat(chunks);
      this.counted.bytes += body.length;
      return body.toString("utf8");
    }
  }

  /** One request whose answer goes on: a watch, a log. The caller reads or destroys it. */
  stream(request: ApiRequest): Promise<Readable> {
    return this.#insist(request, true);
  }

  /**
   * What a WebSocket to the API server needs; the part of KubeConfig that client-node's WebSocketHandler looks at. `opening`
   * gives up one that is not open yet.
   */
  toSocketConfig(opening?: AbortSignal): {
    getCurrentCluster(): { server: string };
    applyToHTTPSOptions(options: RequestOptions): Promise<void>;
  } {
    return {
      getCurrentCluster: () => ({ server: this.target.server }),
      applyToHTTPSOptions: async (options) => {
        const { headers, cert, key } = await this.#authenticate();
        const signal = AbortSignal.any([this.#closing.signal, ...(opening === undefined ? [] : [opening])]);
        signal.throwIfAborted();
        Object.assign(options, this.#connection.tls, { cert, key, signal, headers: { ...headers } });
      },
    };
  }

  /**
   * Ends what is under way. A verb that fails leaves requests behind that were made at the same time: repeated on a
   * connection of their own, they would keep the process that has long said why it failed.
   */
  close(): void {
    this.#closing.abort(new HadronError("CANCELLED", "The connection to the cluster was closed."));
    this.#connection.close();
  }

  async #insist(request: ApiRequest, lasting = false): Promise<Readable> {
    const signal = AbortSignal.any([request.signal, this.#closing.signal]);
    const since = performance.now();
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      let waitMs = Math.min(100 * 2 ** attempt, 3000) * (0.5 + Math.random() / 2);
      let answer: Answer;
      try {
        answer = await this.#once({ ...request, signal }, lasting);
      } catch (cause) {
        signal.throwIfAborted();
        // Anything else is no connection's fault.
        if (systemCode(cause) === undefined || cause instanceof HadronError) throw cause;
        // A server that has never answered is more likely a wrong address than one that restarts.
        if (this.#answered ? performance.now() - since > AWAY_MS : attempt > 1) throw this.#away(request, cause);
        await sleep(waitMs, undefined, { signal });
        continue;
      }
      this.#answered = true;
      const { status, retryAfter, body } = answer;
      if (status < 300) return body;
      const text = await readAll(body);
      if (request.once !== true && (status === 429 || status === 500 || status >= 502) && attempt < ATTEMPTS) {
        const asked = Number(retryAfter);
        if (asked > 0) waitMs = Math.min(asked * 1000, 15_000);
        await sleep(waitMs, undefined, { signal });
        continue;
      }
      if (status === 401) this.#connection.reset();
      const { context, server, namespace, user } = this.target;
      throw toError(parseStatus(status, text), { context, server, namespace, user: user.name, what: request.what });
    }
  }

  async #once(
    { method = "GET", path, query = {}, body, type = "application/json", signal }: ApiRequest,
    lasting: boolean,
  ): Promise<Answer> {
    const credentials = await this.#authenticate();
    const said = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const search = new URLSearchParams(said).toString();
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    this.counted.requests++;
    return this.#connection.send({
      method,
      path: path + (search === "" ? "" : `?${search}`),
      headers: {
        accept: "application/json",
        "accept-encoding": lasting ? "identity" : "gzip",
        "user-agent": "hadron",
        ...lowerCased(credentials.headers),
        ...(payload === undefined ? {} : { "content-type": type }),
      },
      payload,
      credentials,
      lasting,
      signal,
    });
  }

  #away({ what }: ApiRequest, cause: unknown): HadronError {
    const { server, context } = this.target;
    const code = systemCode(cause) ?? inWords(cause);
    return new HadronError(
      "RUNNER_FAILED",
      `The cluster of context "${context}" at ${server} does not answer (${what}: ${code}). Is it running, and reachable from here? Another one: --context.`,
      { cause },
    );
  }
}

async function readAll(response: Readable): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}

function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
