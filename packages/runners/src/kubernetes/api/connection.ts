import { Agent as PlainAgent, request as plainRequest } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { Agent, request as tlsRequest } from "node:https";
import { PassThrough, pipeline, type Readable } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { createGunzip } from "node:zlib";
import type { Credentials } from "./credentials.ts";
import type { Target } from "./kube-config.ts";

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Readable;
}

export interface Outgoing {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer | undefined;
  readonly credentials: Credentials;
  /** Its answer goes on and on: a watch, a log that is followed. */
  readonly lasting: boolean;
  readonly signal: AbortSignal;
}

/** Until a request is answered; what is answered may then be silent for as long as nothing happens. */
const TIMEOUT_MS = 60_000;
/** How often a connection is asked whether it is still there, and how long that may take. */
const PING_MS = 15_000;
/** For API servers behind what knows no HTTP/2. Each connection costs a handshake. */
const MAX_SOCKETS = 4;
/** What lasts must not keep the rest waiting: API servers take 100 streams a connection, or a little more. */
const MAX_LASTING = 60;
const WINDOW_BYTES = 4 * 2 ** 20;

/**
 * The way to the API server: one HTTP/2 connection for all requests and watches at once, since a TLS handshake costs more
 * than most requests. HTTP/1.1 where the server does not offer it, or a proxy is in between.
 */
export class Connection {
  readonly #target: Target;
  readonly #tls: { readonly ca?: Buffer; readonly servername?: string; readonly rejectUnauthorized: boolean };
  /** The last one takes new streams. */
  #sessions: Dialled[] = [];
  readonly #closing = new AbortController();
  #agent: Agent | PlainAgent | undefined;
  #lastingAgent: Agent | PlainAgent | undefined;

  constructor(target: Target) {
    const { ca, servername, insecure } = target.tls;
    this.#target = target;
    this.#tls = {
      rejectUnauthorized: !insecure,
      ...(ca === undefined ? {} : { ca }),
      ...(servername === undefined ? {} : { servername }),
    };
  }

  /** TLS options for a connection beside this one. */
  get tls(): object {
    return { ...this.#tls, ...(this.#target.proxyUrl === undefined ? {} : { agent: this.#http1(true) }) };
  }

  /** Rejects with what broke, where no answer came. */
  async send(outgoing: Outgoing): Promise<Answer> {
    const { server, proxyUrl } = this.#target;
    if (!server.startsWith("https:") || proxyUrl !== undefined) return this.#sendHttp1(outgoing);
    let dialled = this.#sessions.at(-1);
    if (dialled === undefined || (outgoing.lasting && dialled.lasting >= MAX_LASTING)) {
      dialled = this.#begin(outgoing.credentials);
    }
    if (outgoing.lasting) dialled.lasting++;
    const session = await unless(outgoing.signal, dialled.session);
    if (session === undefined) return this.#sendHttp1(outgoing);
    // Behind some gateways the API server has a path of its own.
    const prefix = new URL(server).pathname.replace(/\/$/, "");
    return sendHttp2(session, { ...outgoing, path: prefix + outgoing.path });
  }

  /** Forgets what the server knows of us: the next request says anew who we are. */
  reset(): void {
    for (const { session } of this.#sessions.splice(0)) ended(session, (open) => open.close());
  }

  /** For good: a connection that is being opened ends as well, however long its other end is silent. */
  close(): void {
    this.#closing.abort();
    this.#agent?.destroy();
    this.#lastingAgent?.destroy();
    for (const { session } of this.#sessions.splice(0)) ended(session, (open) => open.destroy());
  }

  #begin(credentials: Credentials): Dialled {
    const dialled: Dialled = { session: this.#dial(credentials), lasting: 0 };
    this.#sessions.push(dialled);
    const forget = () => this.#forget(dialled);
    dialled.session.then((session) => session?.once("close", forget).once("goaway", forget), forget);
    return dialled;
  }

  #forget(dialled: Dialled): void {
    this.#sessions = this.#sessions.filter((kept) => kept !== dialled);
  }

  /** Undefined where the server speaks HTTP/1.1 alone. */
  async #dial({ cert, key }: Credentials): Promise<ClientHttp2Session | undefined> {
    const url = new URL(this.#target.server);
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const socket = connectTls({
      host,
      port: Number(url.port || 443),
      ALPNProtocols: ["h2", "http/1.1"],
      servername: /^[\d.]+$|:/.test(host) ? "" : host,
      ...this.#tls,
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    });
    await secured(socket, this.#closing.signal);
    if (socket.alpnProtocol !== "h2") {
      socket.destroy();
      return undefined;
    }
    const session = connectHttp2(this.#target.server, {
      createConnection: () => socket,
      settings: { initialWindowSize: WINDOW_BYTES },
    });
    const pinging = setInterval(() => pingOrEnd(session), PING_MS).unref();
    session.on("error", () => {}).once("close", () => clearInterval(pinging));
    session.once("connect", () => session.setLocalWindowSize(2 * WINDOW_BYTES));
    return session;
  }

  #http1(lasting: boolean): Agent | PlainAgent {
    if (lasting) this.#lastingAgent ??= this.#createAgent(Number.POSITIVE_INFINITY);
    else this.#agent ??= this.#createAgent(MAX_SOCKETS);
    return (lasting ? this.#lastingAgent : this.#agent)!;
  }

  #createAgent(maxSockets: number): Agent | PlainAgent {
    const { server, proxyUrl: proxy } = this.#target;
    const options = {
      keepAlive: true,
      maxSockets,
      noDelay: true,
      ...(proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
    };
    return server.startsWith("https:") ? new Agent({ ...options, ...this.#tls }) : new PlainAgent(options);
  }

  #sendHttp1({ method, path, headers, payload, credentials, lasting, signal }: Outgoing): Promise<Answer> {
    const url = new URL(this.#target.server + path);
    const isTls = url.protocol === "https:";
    return new Promise((resolve, reject) => {
      const { cert, key } = credentials;
      const length = payload === undefined ? {} : { "content-length": payload.length };
      const options = { method, agent: this.#http1(lasting), signal, headers: { ...headers, ...length } };
      const request = isTls ? tlsRequest(url, { ...options, ...this.#tls, cert, key }) : plainRequest(url, options);
      request.setTimeout(TIMEOUT_MS, () => request.destroy(silent()));
      request.once("response", (response) => {
        request.setTimeout(0);
        const { "retry-after": retryAfter, "content-encoding": coding } = response.headers;
        resolve({ status: response.statusCode ?? 0, retryAfter, body: decoded(response, coding) });
      });
      request.once("error", reject);
      request.end(payload);
    });
  }
}

interface Dialled {
  readonly session: Promise<ClientHttp2Session | undefined>;
  /** How many streams that last it has taken, over or not. */
  lasting: number;
}

function ended(dialling: Dialled["session"], end: (session: ClientHttp2Session) => void): void {
  dialling.then(
    (session) => session !== undefined && end(session),
    () => {},
  );
}

function sendHttp2(session: ClientHttp2Session, { method, path, headers, payload, signal }: Outgoing): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(
      { ...headers, [constants.HTTP2_HEADER_METHOD]: method, [constants.HTTP2_HEADER_PATH]: path },
      { signal, endStream: payload === undefined },
    );
    const timer = setTimeout(() => stream.destroy(silent()), TIMEOUT_MS);
    stream.once("response", (answer) => {
      clearTimeout(timer);
      // Read from now on: a short answer is over, and its stream closed, before its reader has had a turn.
      const body = new PassThrough();
      pipeline(stream, body, () => {});
      resolve({
        status: answer[":status"] ?? 0,
        retryAfter: answer["retry-after"] as string | undefined,
        body: decoded(body, answer["content-encoding"]),
      });
    });
    stream.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    // A session that ends without an error ends its streams without one.
    stream.once("close", () => {
      clearTimeout(timer);
      reject(closed());
    });
    if (payload !== undefined) stream.end(payload);
  });
}

/** Long lists come packed: a tenth of their size. */
function decoded(body: Readable, coding: string | undefined): Readable {
  return coding === "gzip" ? pipeline(body, createGunzip(), () => {}) : body;
}

function secured(socket: TLSSocket, closing: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(silent()), TIMEOUT_MS);
    const give = () => socket.destroy(closed());
    closing.addEventListener("abort", give, { once: true });
    if (closing.aborted) give();
    const settled = () => {
      clearTimeout(timer);
      closing.removeEventListener("abort", give);
    };
    socket.once("secureConnect", () => {
      settled();
      socket.off("error", reject);
      resolve();
    });
    socket.once("error", (error) => {
      settled();
      reject(error);
    });
  });
}

/** What a promise resolves to, unless the signal aborts first. */
function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason);
    if (signal.aborted) return give();
    signal.addEventListener("abort", give, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}

/** A connection whose other end is gone without a word would keep a watch waiting for ever. */
function pingOrEnd(session: ClientHttp2Session): void {
  if (session.destroyed) return;
  const late = setTimeout(() => session.destroy(silent()), PING_MS).unref();
  session.ping(() => clearTimeout(late));
}

function silent(): Error {
  return Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
}

function closed(): Error {
  return Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
}
