import type { Clock } from "../../../clock/clock.ts";
import { createSystemClock } from "../../../clock/system-clock.ts";
import { codeOfRpcNumber, type ErrorData, fromErrorData, HadronError, inWords, isErrorCode } from "../../../errors.ts";
import type { Cancellable } from "../../../scope/scope.ts";
import { toJsonText } from "../../../values/json-form.ts";
import { IncomingStream, type StreamOwner } from "../../incoming-stream.ts";
import { isStream } from "../../pump.ts";
import type { Connection, ConnectionState, ConnectOptions, OutgoingCall, Transport } from "../../transport.ts";
import { type Line, type LineEvents, type Origin, openLine } from "./line.ts";
import type { HttpResponse, PieceTaker } from "./response-parser.ts";
import { JsonLines } from "./stream.ts";

/** Connections to one origin at the same time; further calls wait for one of them. */
const MAX_LINES = 128;
/** Bytes of a stream that wait for their consumer, before no more is read. */
const STREAM_WINDOW = 256 * 1024;

/**
 * JSON-RPC 2.0 over HTTP, as any outside caller speaks it. Addresses are URLs, `http://HOST:PORT/PATH` or `https:`, or
 * `http+unix:/path`.
 */
export function createHttpTransport(clock: Clock = createSystemClock()): Transport {
  return { connect: (address, options) => new HttpConnection(address, options, clock) };
}

class HttpConnection implements Connection {
  readonly #address: string;
  readonly #options: ConnectOptions;
  readonly #clock: Clock;
  readonly #origin: Origin;
  readonly #head: string;
  readonly #lines = new Set<Line>();
  readonly #idle: Line[] = [];
  readonly #queue: Exchange[] = [];
  readonly #underWay = new Set<Exchange>();
  #opening = 0;
  #nextId = 1;
  inFlight = 0;
  state: ConnectionState = "open";

  constructor(address: string, options: ConnectOptions, clock: Clock) {
    this.#clock = clock;
    this.#address = address;
    this.#options = options;
    const unix = address.startsWith("http+unix:");
    const url = new URL(unix ? "http://localhost/" : address);
    this.#origin = {
      secure: url.protocol === "https:",
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
      path: unix ? address.slice("http+unix:".length) : undefined,
    };
    const { service, replica } = options.self;
    const caller = `${service === "" ? "" : `hadron-service: ${service}\r\n`}${replica === undefined ? "" : `hadron-replica: ${replica}\r\n`}`;
    const authorization =
      url.username === ""
        ? ""
        : `authorization: Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString("base64")}\r\n`;
    this.#head = `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\naccept: application/json, application/x-ndjson\r\n${caller}${authorization}`;
  }

  call(call: OutgoingCall): Promise<unknown> {
    const { procedure, input, scope, identity } = call;
    if (scope.error !== undefined) return Promise.reject(scope.error);
    if (this.state === "closed") return Promise.reject(closedHere(this.#address, true));
    if (isStream(input)) {
      const text = `A stream cannot be sent to ${this.#address} as input: over HTTP, an input is sent whole. Send an array.`;
      return Promise.reject(new HadronError("INVALID_INPUT", text, { unsent: true }));
    }
    const id = this.#nextId++;
    let body: string;
    try {
      const params = input === undefined ? "" : `,"params":${toParams(input)}`;
      body = `{"jsonrpc":"2.0","method":${JSON.stringify(procedure)}${params},"id":${id}}`;
    } catch (cause) {
      return Promise.reject(
        new HadronError("INVALID_INPUT", `The input is not JSON: ${inWords(cause)}.`, {
          cause,
          unsent: true,
        }),
      );
    }
    const left = Number.isFinite(scope.deadlineAt) ? `hadron-timeout-ms: ${Math.ceil(scope.leftMs)}\r\n` : "";
    const trace = scope.trace === undefined ? "" : `traceparent: ${scope.trace}\r\n`;
    const meta = scope.meta === undefined ? "" : `baggage: ${scope.meta}\r\n`;
    const key = identity === undefined ? "" : `idempotency-key: ${identity.callId}\r\n`;
    const bytes = Buffer.byteLength(body);
    if (call.sizes !== undefined) call.sizes.inputBytes = bytes;
    const request = `${this.#head}${left}${trace}${meta}${key}content-length: ${bytes}\r\n\r\n${body}`;
    return new Promise((resolve, reject) => {
      this.inFlight++;
      const exchange = new Exchange(this, id, request, call, resolve, reject);
      scope.add(exchange);
      this.#underWay.add(exchange);
      this.#start(exchange);
    });
  }

  close(): void {
    this.state = "closed";
    // None of them is to take the place of another.
    this.#queue.length = 0;
    for (const exchange of [...this.#underWay]) exchange.closed();
    for (const line of this.#lines) line.close();
    this.#lines.clear();
    this.#idle.length = 0;
  }

  get maxOutputBytes(): number {
    return this.#options.maxOutputBytes;
  }

  get address(): string {
    return this.#address;
  }

  /** The exchange is over. */
  done(exchange: Exchange, line: Line | undefined, reusable: boolean): void {
    this.inFlight--;
    this.#underWay.delete(exchange);
    const queued = this.#queue.indexOf(exchange);
    if (queued >= 0) this.#queue.splice(queued, 1);
    if (line === undefined) return;
    if (!reusable) {
      line.close();
      this.#lines.delete(line);
      const next = this.#queue.shift();
      if (next !== undefined) this.#start(next);
      return;
    }
    const next = this.#queue.shift();
    if (next === undefined) this.#idle.push(line);
    else next.begin(line);
  }

  #start(exchange: Exchange): void {
    for (let line = this.#idle.pop(); line !== undefined; line = this.#idle.pop()) {
      if (!line.closed && this.#clock.now() < line.reusableUntil) return exchange.begin(line);
      line.close();
      this.#lines.delete(line);
    }
    if (this.#lines.size + this.#opening >= MAX_LINES) {
      this.#queue.push(exchange);
      return;
    }
    this.#opening++;
    openLine(this.#origin, this.#options.maxOutputBytes, this.#clock).then(
      (line) => {
        this.#opening--;
        this.#lines.add(line);
        if (exchange.over) {
          line.close();
          this.#lines.delete(line);
        } else exchange.begin(line);
      },
      (error: Error) => {
        this.#opening--;
        exchange.failed(error, true);
      },
    );
  }
}

/** One call under way. */
class Exchange implements Cancellable, LineEvents, StreamOwner<undefined> {
  over = false;
  readonly #connection: HttpConnection;
  readonly #id: number;
  readonly #request: string;
  readonly #call: OutgoingCall;
  readonly #resolve: (output: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #line: Line | undefined;
  /** Its output, where that comes item by item. */
  #stream: IncomingStream<undefined> | undefined;
  #lines: JsonLines | undefined;

  constructor(
    connection: HttpConnection,
    id: number,
    request: string,
    call: OutgoingCall,
    resolve: (output: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#connection = connection;
    this.#id = id;
    this.#request = request;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(line: Line): void {
    this.#line = line;
    line.send(this.#request, this);
  }

  begun(headers: ReadonlyMap<string, string>): PieceTaker | undefined {
    if (!/^application\/(?:x-ndjson|ndjson|jsonl)\b/i.test(headers.get("content-type") ?? "")) return undefined;
    const stream = new IncomingStream<undefined>(this, undefined, STREAM_WINDOW, true);
    this.#stream = stream;
    const lines = new JsonLines(this.#connection.maxOutputBytes, (message, bytes) => {
      this.#message(stream, message, bytes);
      if (!stream.maySend && !stream.over) this.#line?.pause();
    });
    this.#lines = lines;
    if (this.#call.sizes !== undefined) this.#call.sizes.outputBytes = 0;
    this.#resolve(stream);
    return (piece) => lines.push(piece);
  }

  taken(): void {
    this.#line?.resume();
  }

  /** Closing the connection tells the other side. */
  unwanted(): void {
    this.#finish(false);
  }

  /** One line of a stream: an item, or the answer that ends it. */
  #message(stream: IncomingStream<undefined>, message: unknown, bytes: number): void {
    const { method, params, error, result } = message as {
      method?: unknown;
      params?: { item?: unknown };
      error?: object;
      result?: unknown;
    };
    const { sizes } = this.#call;
    if (sizes !== undefined) sizes.outputBytes = (sizes.outputBytes ?? 0) + bytes;
    if (method === "rpc.item") stream.push(params?.item, bytes);
    else if (error !== undefined) stream.fail(toError(error));
    else if (result !== undefined) stream.end();
    else throw new Error("a line came that is neither an item nor an answer");
  }

  answered(response: HttpResponse, reusable: boolean): void {
    const stream = this.#stream;
    if (stream !== undefined) {
      try {
        this.#lines?.end();
        if (!stream.over) throw new Error("the stream ended without an answer");
        this.#finish(reusable);
      } catch (error) {
        this.failed(error as Error, false);
      }
      return;
    }
    if (!this.#finish(reusable)) return;
    if (this.#call.sizes !== undefined) this.#call.sizes.outputBytes = response.body.length;
    try {
      this.#resolve(toOutput(response, this.#id, this.#connection.address));
    } catch (error) {
      this.#reject(error);
    }
  }

  failed(cause: Error, unsent: boolean): void {
    if (!this.#finish(false)) return;
    const what = unsent ? "cannot be reached" : "broke the connection during the call";
    this.#fail(
      new HadronError("UNAVAILABLE", `${this.#connection.address} ${what}: ${reasonOf(cause)}.`, { cause, unsent }),
    );
  }

  #fail(error: HadronError): void {
    if (this.#stream === undefined) this.#reject(error);
    else this.#stream.fail(error);
  }

  /** This side closed the connection. */
  closed(): void {
    const unsent = this.#line === undefined || !this.#line.connected;
    if (this.#finish(false)) this.#fail(closedHere(this.#connection.address, unsent));
  }

  /** The caller gave up: closing the connection tells the other side. */
  cancelled(error: HadronError): void {
    if (this.#finish(false)) this.#fail(error);
  }

  #finish(reusable: boolean): boolean {
    if (this.over) return false;
    this.over = true;
    this.#call.scope.delete(this);
    this.#connection.done(this, this.#line, reusable);
    return true;
  }
}

function closedHere(address: string, unsent: boolean): HadronError {
  const when = unsent ? "before the call was sent" : "during the call";
  return new HadronError("UNAVAILABLE", `The connection to ${address} was closed by this side, ${when}.`, { unsent });
}

/** An object is itself the input; anything else is the one element of an array. */
function toParams(input: unknown): string {
  const text = toJsonText(input, "input");
  return text.startsWith("{") ? text : `[${text}]`;
}

function toOutput(response: HttpResponse, id: number, address: string): unknown {
  let answer: {
    id?: unknown;
    result?: unknown;
    error?: { code?: unknown; message?: unknown; data?: Partial<ErrorData> };
  };
  try {
    answer = JSON.parse(response.body.toString("utf8"));
  } catch (cause) {
    const status = response.status === 200 ? "" : ` with status ${response.status}`;
    throw new HadronError("UNAVAILABLE", `${address} answered${status}, but not in JSON: is it a Hadron service?`, {
      cause,
    });
  }
  if (typeof answer === "object" && answer !== null && answer.error !== undefined && typeof answer.error === "object") {
    throw toError(answer.error);
  }
  if (typeof answer !== "object" || answer === null || answer.id !== id || !("result" in answer)) {
    throw new HadronError(
      "UNAVAILABLE",
      `${address} answered with status ${response.status}, but not in JSON-RPC 2.0.`,
    );
  }
  return answer.result;
}

function toError({
  code,
  message,
  data,
}: {
  code?: unknown;
  message?: unknown;
  data?: Partial<ErrorData>;
}): HadronError {
  const path = Array.isArray(data?.path) ? data.path.map(String) : [];
  const suffix = path.length === 0 ? "" : ` (${path.join(" → ")})`;
  const text = String(message ?? "The call failed.");
  return fromErrorData({
    code: isErrorCode(data?.code) ? data.code : codeOfRpcNumber(Number(code)),
    message: suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
    retryable: data?.retryable === true,
    path,
    ...(typeof data?.retryAfterMs === "number" ? { retryAfterMs: data.retryAfterMs } : {}),
  });
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND") return "there is no such host";
  return error.message === "" && code !== undefined ? code : error.message;
}
