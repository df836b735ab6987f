import type { IncomingMessage, ServerResponse } from "node:http";
import { HadronError, toErrorData } from "../../../errors.ts";
import type { Caller } from "../../../scope/caller.ts";
import { metaFromOutside } from "../../../scope/credentials.ts";
import type { Scope } from "../../../scope/scope.ts";
import { refuse } from "../../http/answers.ts";
import { discard, readBody } from "../../http/body.ts";
import type { Dispatcher, IncomingCall, ItemSource, Reply } from "../../transport.ts";
import { answer, type CallMeta, type Exchange } from "./call.ts";
import type { KeepAlive } from "./keep-alive.ts";
import { failure } from "./message.ts";
import { type Accepts, ItemWriter, toAccepts } from "./stream.ts";

/** A longer key of a request is cut. */
const LONGEST_KEY = 255;

/** Whoever answers JSON-RPC. */
export interface Answering {
  readonly dispatcher: Dispatcher;
  /** Whether outside callers come here: then who calls is not taken from what it says of itself. */
  readonly exposed: boolean;
  /** Answers `rpc.discover`. */
  readonly discover: () => unknown;
  /** Bytes of bodies that are not whole yet, of all doors that share it. Above a limit, further bodies are OVERLOADED. */
  readonly reading: { bytes: number };
  /** Whether connections end with their next answer: how callers over HTTP are told to go elsewhere. */
  readonly closing: () => boolean;
  readonly keepAlive: KeepAlive;
}

/** Takes one POST: the calls in its body, and their answers. */
export function takePost(answering: Answering, request: IncomingMessage, response: ServerResponse): void {
  const type = request.headers["content-type"];
  if (type === undefined || !isJson(type)) {
    request.resume();
    tellIfClosing(answering, response);
    return refuse(response, 415, `The body is ${type ?? "of no said type"}; send content-type: application/json.`);
  }
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    request.resume();
    tellIfClosing(answering, response);
    // Not unpacked here: a few bytes may become any number. RFC 7694 has the status and the header.
    return refuse(response, 415, `The body is encoded as ${encoding}; send it as it is, without content-encoding.`, {
      "accept-encoding": "identity",
    });
  }
  readBody(request, answering.dispatcher.maxInputBytes, answering.reading, (error, body, bytes) => {
    if (body !== undefined) answer(body, new Posted(answering, request, response, bytes));
    else if (error !== undefined) endTooLarge(request, response, failure(null, toErrorData(error)));
  });
}

function tellIfClosing({ closing }: Answering, response: ServerResponse): void {
  if (closing() && !response.headersSent) response.setHeader("connection", "close");
}

/** One body under way. An object rather than functions over shared variables: there is one for each call. */
class Posted implements Exchange {
  readonly meta: CallMeta;
  readonly maxOutputBytes: number;
  readonly #answering: Answering;
  readonly #response: ServerResponse;
  #scopes: Scope[] | undefined;
  #answered = false;
  /** How the caller takes streams; most callers do not say. */
  readonly #accepts: Accepts | undefined;
  #writer: ItemWriter | undefined;

  constructor(answering: Answering, request: IncomingMessage, response: ServerResponse, inputBytes?: number) {
    this.meta = toMeta(request, answering.exposed, inputBytes);
    this.maxOutputBytes = answering.dispatcher.maxOutputBytes;
    this.#accepts = toAccepts(request.headers.accept);
    this.#answering = answering;
    this.#response = response;
  }

  dispatch(call: IncomingCall, reply: Reply): void {
    if (call.procedure === "rpc.discover") return reply.ok(this.#answering.discover());
    const scope = this.#answering.dispatcher.dispatch(call, reply);
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

  send(text: string, source: ItemSource | undefined): boolean {
    return this.#write().write(text, source);
  }

  respond(answerText: string | undefined): number | undefined {
    this.#answered = true;
    tellIfClosing(this.#answering, this.#response);
    if (answerText !== undefined && this.begun) this.send(answerText, undefined);
    if (this.#writer !== undefined) {
      this.#writer.end();
      return undefined;
    }
    if (answerText === undefined) {
      this.#response.writeHead(204).end();
      return undefined;
    }
    const bytes = Buffer.byteLength(answerText);
    this.#response.writeHead(200, { "content-type": "application/json", "content-length": bytes });
    this.#response.end(answerText);
    return bytes;
  }

  #write(): ItemWriter {
    if (this.#writer === undefined) tellIfClosing(this.#answering, this.#response);
    this.#writer ??= new ItemWriter(this.#response, this.#accepts!.form, this.#answering.keepAlive);
    return this.#writer;
  }

  /** A caller that goes away stops its whole tree. */
  #gone(): void {
    if (this.#answered || this.#scopes === undefined) return;
    for (const scope of this.#scopes) scope.cancel(new HadronError("CANCELLED", "The caller went away."));
  }
}

/** Answers, and takes in a little more of the body. */
function endTooLarge(request: IncomingMessage, response: ServerResponse, body: string): void {
  discard(request);
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  response.end(body);
}

function toMeta(request: IncomingMessage, exposed: boolean, inputBytes: number | undefined): CallMeta {
  const { headers } = request;
  const timeout = headers["hadron-timeout-ms"];
  const timeoutMs = timeout === undefined ? undefined : Number(timeout);
  return {
    timeoutMs: timeoutMs !== undefined && timeoutMs >= 0 ? timeoutMs : undefined,
    trace: headers.traceparent as string | undefined,
    meta: exposed ? metaFromOutside(headers) : (headers.baggage as string | undefined),
    caller: exposed ? undefined : toCaller(headers),
    inside: !exposed,
    callId: toCallId(headers),
    inputBytes,
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
