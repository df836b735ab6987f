import { Agent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { request as httpsRequest, type RequestOptions, Agent as TlsAgent } from "node:https";
import type { Duplex, Readable } from "node:stream";
import { HadronError, systemCode } from "@hadron/core/spi";
import { textOf } from "../../shared/text.ts";
import type { EngineAddress } from "./address.ts";
import type { Forward } from "./ssh.ts";

/** With what status the engine refused, where it was the engine. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof EngineError ? error.status : undefined;
}

/** The engine answered, and refused. */
export class EngineError extends HadronError {
  /** The HTTP status: 404 not there, 409 in conflict, 304 so already. */
  readonly status: number;

  constructor(status: number, message: string) {
    super("RUNNER_FAILED", message);
    this.status = status;
  }
}

export interface EngineRequest {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON, or as it is where it is bytes (a tar archive). */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Statuses beside 2xx that are no failure. */
  readonly accept?: readonly number[];
}

/**
 * The engine's HTTP API, as much of it as the verbs use over and over. Own code for these few listings because importing
 * dockerode takes longer (0.2 to 0.35 s) than all that `status` or an unchanged `up` asks for; the image's build, where
 * that does not matter, uses dockerode.
 */
export class Engine implements AsyncDisposable {
  readonly address: EngineAddress;
  readonly #forward: Forward | undefined;
  readonly #agent: Agent;
  readonly #connection: RequestOptions;

  constructor(address: EngineAddress, forward: Forward | undefined) {
    this.address = address;
    this.#forward = forward;
    this.#connection = toConnection(address, forward);
    const secure = address.kind === "tcp" && address.tls !== undefined;
    this.#agent = secure ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  }

  /**
   * Where dockerode finds the same engine. Everything is said, also what is not to be: it would read DOCKER_HOST itself,
   * and understand it otherwise (its ssh is another than the user's).
   */
  get dockerode(): Readonly<Record<string, unknown>> {
    const { address } = this;
    const plain = { protocol: "http", pathPrefix: "/", username: undefined, timeout: undefined };
    if (address.kind !== "tcp") {
      const { socketPath } = this.#connection;
      return { ...plain, socketPath, host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined };
    }
    const { ca, cert, key } = address.tls ?? {};
    const { host, port } = address;
    if (address.tls === undefined) return { ...plain, host, port, ca, cert, key };
    // An agent of its own, for what dockerode has no option: not to verify.
    const agent = new TlsAgent({ rejectUnauthorized: address.tls.verify });
    return { ...plain, protocol: "https", host, port, ca, cert, key, agent };
  }

  get<T>(path: string, options: EngineRequest = {}): Promise<T> {
    return this.#json<T>("GET", path, options);
  }

  /** With the engine's own clock, in milliseconds since 1970. */
  async getDated<T>(path: string, options: EngineRequest = {}): Promise<{ readonly body: T; readonly date: number }> {
    const { text, date } = await this.#whole("GET", path, options);
    return { body: JSON.parse(text), date: Date.parse(date ?? "") || Date.now() };
  }

  post<T = unknown>(path: string, options: EngineRequest = {}): Promise<T> {
    return this.#json<T>("POST", path, options);
  }

  put(path: string, options: EngineRequest): Promise<unknown> {
    return this.#json("PUT", path, options);
  }

  /** Resolves to false where it was not there. */
  async delete(path: string, options: EngineRequest = {}): Promise<boolean> {
    return (await this.deleteWith(path, options)).status !== 404;
  }

  /** The same, for those who accept more statuses and want to know which it was. */
  async deleteWith(path: string, options: EngineRequest): Promise<{ readonly status: number }> {
    return await this.#whole("DELETE", path, { ...options, accept: [404, ...(options.accept ?? [])] });
  }

  /** The answer of a GET, or undefined where there is no such thing. */
  async find<T>(path: string, options: EngineRequest = {}): Promise<T | undefined> {
    const { status, text } = await this.#whole("GET", path, { ...options, accept: [404] });
    return status === 404 ? undefined : JSON.parse(text);
  }

  /** An answer that goes on: logs, events, an archive. Destroy it to end it. */
  async stream(path: string, options: EngineRequest = {}): Promise<Readable> {
    const { status, body } = await this.#send("GET", path, options);
    if (isGood(status, options)) return body;
    throw refusal("GET", path, status, await textOf(body));
  }

  /** Turns a request into a connection to a process in a container. */
  hijack(path: string, options: EngineRequest = {}): Promise<{ readonly socket: Duplex; readonly head: Buffer }> {
    return new Promise((resolve, reject) => {
      const { request, body } = this.#open("POST", path, options, { connection: "Upgrade", upgrade: "tcp" }, false);
      request.on("upgrade", (_response, socket, head) => resolve({ socket, head }));
      request.on("response", (response) => {
        const { status, body } = toAnswer(response);
        textOf(body).then((text) => reject(refusal("POST", path, status, text)), reject);
      });
      request.on("error", (cause) => reject(this.#unreachable(cause, options)));
      request.end(body);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.#forward?.[Symbol.asyncDispose]();
  }

  async #json<T>(method: string, path: string, options: EngineRequest): Promise<T> {
    const { text } = await this.#whole(method, path, options);
    const value = text === "" ? undefined : JSON.parse(text);
    return value;
  }

  async #whole(
    method: string,
    path: string,
    options: EngineRequest,
  ): Promise<{ status: number; text: string; date: string | undefined }> {
    const { status, body } = await this.#send(method, path, options);
    const text = await textOf(body);
    if (!isGood(status, options)) throw refusal(method, path, status, text);
    return { status, text, date: body.headers.date };
  }

  #send(method: string, path: string, options: EngineRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { request, body } = this.#open(method, path, options, {}, true);
      request.on("response", (response) => resolve(toAnswer(response)));
      request.on("error", (cause) => {
        // The engine closed a kept connection while we took it: nothing was sent that it read.
        const stale = request.reusedSocket && systemCode(cause) === "ECONNRESET" && method === "GET";
        if (stale) this.#send(method, path, options).then(resolve, reject);
        else reject(this.#unreachable(cause, options));
      });
      request.end(body);
    });
  }

  #open(method: string, path: string, options: EngineRequest, headers: Record<string, string>, shared: boolean) {
    options.signal?.throwIfAborted();
    const { body, type } = toBody(options.body);
    const send = this.#agent instanceof TlsAgent ? httpsRequest : httpRequest;
    const request = send({
      ...this.#connection,
      method,
      path: path + toQuery(options.query),
      // Over TLS the certificate is checked against this name: there it is the engine's own.
      headers: { ...(this.#agent instanceof TlsAgent ? {} : { host: "docker" }), ...type, ...headers },
      ...(shared ? { agent: this.#agent } : { agent: false as const }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return { request, body };
  }

  #unreachable(cause: Error, { signal }: EngineRequest): Error {
    if (signal?.aborted) return signal.reason instanceof Error ? signal.reason : cause;
    return new HadronError(
      "RUNNER_FAILED",
      `The Docker engine at ${this.address.said} does not answer: ${cause.message}`,
      { cause },
    );
  }
}

function toConnection(address: EngineAddress, forward: Forward | undefined): RequestOptions {
  if (address.kind === "unix") return { socketPath: address.path };
  if (address.kind === "ssh") return { socketPath: forward?.path };
  const { host, port, tls } = address;
  if (tls === undefined) return { host, port };
  const { verify, ca, cert, key } = tls;
  return { host, port, ca, cert, key, rejectUnauthorized: verify };
}

/** The whole of what is sent, with the headers that say what it is. */
function toBody(body: unknown): { readonly body: Uint8Array | undefined; readonly type: OutgoingHttpHeaders } {
  if (body === undefined) return { body, type: {} };
  const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const type = body instanceof Uint8Array ? "application/x-tar" : "application/json";
  return { body: bytes, type: { "content-type": type, "content-length": bytes.length } };
}

interface Answer {
  readonly status: number;
  readonly body: IncomingMessage;
}

/** Node says the status of every answer that a client gets; its type is shared with requests, which have none. */
function toAnswer(response: IncomingMessage): Answer {
  return { status: response.statusCode ?? 0, body: response };
}

function isGood(status: number, { accept = [] }: EngineRequest): boolean {
  return (status >= 200 && status < 300) || accept.includes(status);
}

function refusal(method: string, path: string, status: number, text: string): EngineError {
  let message = text.trim();
  try {
    const said: { readonly message?: string } = JSON.parse(text);
    message = said.message ?? message;
  } catch {
    // Not every engine answers in JSON; its text will do.
  }
  return new EngineError(status, `The Docker engine refused ${method} ${path}: ${message || `status ${status}`}`);
}

function toQuery(query: EngineRequest["query"]): string {
  const parts = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(String(value))}`],
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}
