import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Caller } from "../../../declare/types.ts";
import { HadronError, toErrorData } from "../../../errors.ts";
import type { Scope } from "../../../scope/scope.ts";
import { readBody } from "../../http/body.ts";
import type { Dispatcher, IncomingCall, Reply } from "../../transport.ts";
import { answer, type CallMeta, type Exchange, failure, type Source } from "./call.ts";
import { KeepAlive } from "./keep-alive.ts";
import { type Accepts, ItemWriter, toAccepts } from "./stream.ts";

// Not imported: an import reads every export of the module, and one of those loads Node's fetch, which is 13 MB and
// half of the CPU time of each replica's start.
const { createServer } = process.getBuiltinModule("node:http");

export interface HttpFrontOptions {
  readonly dispatcher: Dispatcher;
  /** Whether outside callers come here: then who calls is not taken from what it says of itself. @default false */
  readonly exposed?: boolean;
  /** Answers `rpc.discover`. */
  readonly discover: () => unknown;
  /** Whether it is alive, and whether calls may come. */
  readonly health: () => { readonly live: boolean; readonly ready: boolean };
  /** The metrics; undefined: this front is exposed, and has none. */
  readonly metrics: (() => string) | undefined;
  /** Takes new counts of replicas, where the runner sends them; undefined: exposed, or not wanted. */
  readonly counts: ((counts: Record<string, number>) => void) | undefined;
  /** Bytes of bodies that are not whole yet, of all fronts that share it. Above a limit, further bodies are OVERLOADED. */
  readonly reading?: { bytes: number };
  /** Takes over a connection that asks for our own protocol. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Whether connections end with their next answer: how callers over HTTP are told to go elsewhere. @default no */
  readonly closing?: (() => boolean) | undefined;
  readonly times?: HttpTimes | undefined;
}

export interface HttpTimes {
  /** How long a peer may take to send its headers; one that sends nothing is let go. @default 20 000 */
  readonly headersMs?: number;
  /** The longest silence of a stream of server-sent events. @default 15 000 */
  readonly silenceMs?: number;
}

interface Front extends HttpFrontOptions {
  readonly keepAlive: KeepAlive;
}

const JSON_TYPE = { "content-type": "application/json" };

const HEADERS_MS = 20_000;
const SILENCE_MS = 15_000;
/** A longer key of a request is cut. */
const LONGEST_KEY = 255;

/** What is read, and thrown away, of a body that is too large, so that the sender reads our answer. */
const DISCARD_BYTES = 8 * 1024 * 1024;

/** JSON-RPC 2.0 over HTTP POST to `/`, and what probes and collectors ask for. */
export function createHttpFront(options: HttpFrontOptions): Server {
  const { headersMs = HEADERS_MS, silenceMs = SILENCE_MS } = options.times ?? {};
  const front: Front = { ...options, keepAlive: new KeepAlive(silenceMs, options.dispatcher.clock) };
  const server = createServer(
    // Node looks for late headers every 30 s unless told otherwise.
    { headersTimeout: headersMs, connectionsCheckingInterval: headersMs / 4, keepAliveTimeout: 75_000, noDelay: true },
    (request, response) => {
      if (request.method === "POST" && (request.url === "/" || request.url?.startsWith("/?")))
        post(front, request, response);
      else {
        tellIfClosing(front, response);
        other(front, request, response);
      }
    },
  );
  server.on("upgrade", options.upgrade);
  return server;
}

function tellIfClosing(options: HttpFrontOptions, response: ServerResponse): void {
  if (options.closing?.() === true && !response.headersSent) response.setHeader("connection", "close");
}

function other(options: HttpFrontOptions, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split("?")[0];
  const get = request.method === "GET" || request.method === "HEAD";
  if (path === "/" && !get) return refuse(response, 405, "Send POST with a JSON-RPC 2.0 body.", { allow: "POST" });
  if (path === "/") {
    const example = JSON.stringify({ jsonrpc: "2.0", method: "rpc.discover", id: 1 });
    return refuse(response, 405, `Send POST with a JSON-RPC 2.0 body, such as ${example}.`, { allow: "POST" });
  }
  if (get && path === "/healthz")
    return text(response, options.health().live ? 200 : 503, options.health().live ? "live\n" : "not live\n");
  if (get && path === "/readyz")
    return text(response, options.health().ready ? 200 : 503, options.health().ready ? "ready\n" : "not ready\n");
  if (get && path === "/metrics" && options.metrics !== undefined) {
    return text(response, 200, options.metrics(), "text/plain; version=0.0.4; charset=utf-8");
  }
  if (path === "/counts" && request.method === "POST" && options.counts !== undefined) {
    return takeCounts(options.counts, request, response);
  }
  return refuse(response, 404, "Nothing is here. Procedures are called by POST to /.");
}

function post(options: Front, request: IncomingMessage, response: ServerResponse): void {
  const type = request.headers["content-type"];
  if (type === undefined || !isJson(type)) {
    request.resume();
    return refuse(response, 415, `The body is ${type ?? "of no said type"}; send content-type: application/json.`);
  }
  readBody(request, options.dispatcher.maxInputBytes, options.reading, (error, body) => {
    if (body !== undefined) answer(body, new Posted(options, request, response));
    else if (error !== undefined) endTooLarge(request, response, failure(null, toErrorData(error)));
  });
}

/** One body under way. An object rather than functions over shared variables: there is one for each call. */
class Posted implements Exchange {
  readonly meta: CallMeta;
  readonly maxOutputBytes: number;
  readonly #options: Front;
  readonly #response: ServerResponse;
  #scopes: Scope[] | undefined;
  #answered = false;
  /** How the caller takes streams; most callers do not say. */
  readonly #accepts: Accepts | undefined;
  #writer: ItemWriter | undefined;

  constructor(options: Front, request: IncomingMessage, response: ServerResponse) {
    this.meta = toMeta(request, options.exposed === true);
    this.maxOutputBytes = options.dispatcher.maxOutputBytes;
    this.#accepts = toAccepts(request.headers.accept);
    this.#options = options;
    this.#response = response;
  }

  dispatch(call: IncomingCall, reply: Reply): void {
    if (call.procedure === "rpc.discover") return reply.ok(this.#options.discover());
    const scope = this.#options.dispatcher.dispatch(call, reply);
    // Most handlers have answered by now, and nobody needs to listen for a caller that goes away.
    if (this.#answered) return;
    if (this.#scopes === undefined) {
      this.#scopes = [];
      this.#response.on("close", () => this.#gone());
    }
    this.#scopes.push(scope);
  }

  get streams(): boolean {
    return this.#accepts !== undefined;
  }

  get begun(): boolean {
    return this.#writer !== undefined || this.#accepts?.only === true;
  }

  begin(): void {
    // Events may be silent from the start; lines of JSON begin with the first.
    if (this.#accepts?.form === "sse") this.#write();
  }

  send(text: string, source: Source | undefined): boolean {
    return this.#write().write(text, source);
  }

  respond(answerText: string | undefined): void {
    this.#answered = true;
    tellIfClosing(this.#options, this.#response);
    if (answerText !== undefined && this.begun) this.send(answerText, undefined);
    if (this.#writer !== undefined) {
      this.#writer.end();
      return;
    }
    if (answerText === undefined) {
      this.#response.writeHead(204).end();
      return;
    }
    this.#response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(answerText),
    });
    this.#response.end(answerText);
  }

  #write(): ItemWriter {
    if (this.#writer === undefined) tellIfClosing(this.#options, this.#response);
    this.#writer ??= new ItemWriter(this.#response, this.#accepts!.form, this.#options.keepAlive);
    return this.#writer;
  }

  /** A caller that goes away stops its whole tree. */
  #gone(): void {
    if (this.#answered || this.#scopes === undefined) return;
    for (const scope of this.#scopes) scope.cancel(new HadronError("CANCELLED", "The caller went away."));
  }
}

/** Answers, and takes in a little more of the body: a sender that is cut off at once never reads the answer. */
function endTooLarge(request: IncomingMessage, response: ServerResponse, body: string): void {
  let left = DISCARD_BYTES;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
  response.writeHead(200, { ...JSON_TYPE, "content-length": Buffer.byteLength(body), connection: "close" });
  response.end(body);
}

function toMeta(request: IncomingMessage, exposed: boolean): CallMeta {
  const { headers } = request;
  const timeout = headers["hadron-timeout-ms"];
  const timeoutMs = timeout === undefined ? undefined : Number(timeout);
  return {
    timeoutMs: timeoutMs !== undefined && timeoutMs >= 0 ? timeoutMs : undefined,
    trace: headers.traceparent as string | undefined,
    meta: headers.baggage as string | undefined,
    caller: exposed ? undefined : toCaller(headers),
    callId: toCallId(headers),
  };
}

function toCaller(headers: IncomingMessage["headers"]): Caller | undefined {
  const service = headers["hadron-service"] as string | undefined;
  return service === undefined ? undefined : { service, replica: headers["hadron-replica"] as string | undefined };
}

/** A caller that repeats a request says by which key: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header. */
function toCallId(headers: IncomingMessage["headers"]): string | undefined {
  const key = headers["idempotency-key"] as string | undefined;
  return key === undefined ? undefined : key.replace(/^"(.*)"$/, "$1").slice(0, LONGEST_KEY) || undefined;
}

function isJson(type: string): boolean {
  // What nearly everybody says; the expression costs as much as the rest of reading the headers.
  return (
    type === "application/json" || /^application\/(?:[\w.+-]+\+)?json(?:rpc)?(?:-rpc|-request)?\s*(?:;|$)/i.test(type)
  );
}

function takeCounts(
  counts: (counts: Record<string, number>) => void,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  readBody(request, 1024 * 1024, undefined, (_, body) => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(body ?? "");
    } catch {
      return refuse(response, 400, "The body is not JSON.");
    }
    const bad = Object.entries(parsed as object).find(([, count]) => !Number.isInteger(count) || count < 0);
    if (bad !== undefined) return refuse(response, 400, `The count of "${bad[0]}" is no whole number.`);
    counts(parsed as Record<string, number>);
    text(response, 200, "ok\n");
  });
}

function text(response: ServerResponse, status: number, body: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
  const body = `${JSON.stringify({ error: message })}\n`;
  response.writeHead(status, { ...JSON_TYPE, ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
