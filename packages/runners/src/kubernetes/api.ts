import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent, type AgentOptions, type RequestOptions, request as tlsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { HadronError } from "@hadron/core";
import { parseStatus, toError } from "./api-error.ts";
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
const TIMEOUT_MS = 60_000;

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
  readonly #agent: Agent | PlainAgent;
  readonly #tls: RequestOptions;
  #answered = false;

  constructor(target: Target) {
    this.target = target;
    this.#authenticate = createAuthenticator(target);
    const { ca, servername, insecure } = target.tls;
    this.#tls = {
      rejectUnauthorized: !insecure,
      ...(ca === undefined ? {} : { ca }),
      ...(servername === undefined ? {} : { servername }),
    };
    const { proxyUrl: proxy } = target;
    const options = {
      keepAlive: true,
      maxSockets: 16,
      noDelay: true,
      ...(proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
    };
    this.#agent = target.server.startsWith("https:")
      ? new Agent({ ...options, ...this.#tls } as AgentOptions)
      : new PlainAgent(options);
  }

  get namespace(): string {
    return this.target.namespace;
  }

  /** One request, answered in JSON. RUNNER_FAILED; `statusOf(error)` is the server's own word. */
  async json<T = any>(request: ApiRequest): Promise<T> {
    return JSON.parse((await this.text(request)) || "null") as T;
  }

  async text(request: ApiRequest): Promise<string> {
    const response = await this.#insist(request);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response) chunks.push(chunk as Buffer);
    } catch (cause) {
      request.signal.throwIfAborted();
      throw this.#away(request, cause as Error);
    }
    const body = Buffer.concat(chunks);
    this.counted.bytes += body.length;
    return body.toString("utf8");
  }

  /** One request whose answer goes on: a watch, a log. The caller reads or destroys it. */
  stream(request: ApiRequest): Promise<IncomingMessage> {
    return this.#insist(request);
  }

  /** What a WebSocket to the API server needs; the part of KubeConfig that client-node's WebSocketHandler looks at. */
  toSocketConfig(): {
    getCurrentCluster(): { server: string };
    applyToHTTPSOptions(options: RequestOptions): Promise<void>;
  } {
    return {
      getCurrentCluster: () => ({ server: this.target.server }),
      applyToHTTPSOptions: async (options) => {
        const { headers, cert, key } = await this.#authenticate();
        Object.assign(options, this.#tls, {
          cert,
          key,
          headers: { ...headers },
          ...(this.target.proxyUrl === undefined ? {} : { agent: this.#agent }),
        });
      },
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  async #insist(request: ApiRequest): Promise<IncomingMessage> {
    const { signal } = request;
    const since = Date.now();
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      let waitMs = Math.min(100 * 2 ** attempt, 3000) * (0.5 + Math.random() / 2);
      let response: IncomingMessage;
      try {
        response = await this.#once(request);
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof HadronError) throw cause;
        // A server that has never answered is more likely a wrong address than one that restarts.
        if (this.#answered ? Date.now() - since > AWAY_MS : attempt > 1) throw this.#away(request, cause as Error);
        await sleep(waitMs, undefined, { signal });
        continue;
      }
      this.#answered = true;
      const code = response.statusCode ?? 0;
      if (code < 300) return response;
      const text = await readAll(response);
      if (request.once !== true && (code === 429 || code === 500 || code >= 502) && attempt < ATTEMPTS) {
        const asked = Number(response.headers["retry-after"]);
        if (asked > 0) waitMs = Math.min(asked * 1000, 15_000);
        await sleep(waitMs, undefined, { signal });
        continue;
      }
      const { context, server, namespace, user } = this.target;
      throw toError(parseStatus(code, text), { context, server, namespace, user: user.name, what: request.what });
    }
  }

  async #once({
    method = "GET",
    path,
    query = {},
    body,
    type = "application/json",
    signal,
  }: ApiRequest): Promise<IncomingMessage> {
    const { headers, cert, key } = await this.#authenticate();
    const search = new URLSearchParams(
      Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined),
    ).toString();
    const url = new URL(this.target.server + path + (search === "" ? "" : `?${search}`));
    const payload =
      body === undefined ? undefined : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    this.counted.requests++;
    return new Promise((resolve, reject) => {
      const options: RequestOptions = {
        method,
        agent: this.#agent,
        signal,
        headers: {
          accept: "application/json",
          "user-agent": "hadron",
          ...headers,
          ...(payload === undefined ? {} : { "content-type": type, "content-length": payload.length }),
        },
        ...(url.protocol === "https:" ? { ...this.#tls, cert, key } : {}),
      };
      const request = (url.protocol === "https:" ? tlsRequest : plainRequest)(url, options);
      // Until it answers; a stream may then be silent for as long as nothing happens.
      request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
      request.once("response", (response) => {
        request.setTimeout(0);
        resolve(response);
      });
      request.once("error", reject);
      request.end(payload);
    });
  }

  #away({ what }: ApiRequest, cause: Error): HadronError {
    const { server, context } = this.target;
    const code = (cause as NodeJS.ErrnoException).code ?? cause.message;
    return new HadronError(
      "RUNNER_FAILED",
      `The cluster of context "${context}" at ${server} does not answer (${what}: ${code}). Is it running, and reachable from here? Another one: --context.`,
      { cause },
    );
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}
