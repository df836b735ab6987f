import { ERROR_CODES, type ErrorData, HadronError, toErrorData } from "../../../errors.ts";
import type { IncomingCall, ItemSink, Reply } from "../../transport.ts";

/** What an HTTP request says about all the calls in its body. */
export type CallMeta = Pick<IncomingCall, "timeoutMs" | "trace" | "meta" | "caller" | "callId">;

/** Where a body came from, and where its answer goes. */
export interface Exchange {
  readonly meta: CallMeta;
  readonly maxOutputBytes: number;
  /** Whether the caller takes the items of a stream one by one; else they are collected. */
  readonly streams: boolean;
  /** Whether messages go out one by one already. */
  readonly begun: boolean;
  /** Runs one call. */
  dispatch(call: IncomingCall, reply: Reply): void;
  /** A stream begins, which may have nothing to say for long. */
  begin(): void;
  /** Sends a message before the answer. False: send no further one before the source is told to resume. */
  send(text: string, source: Source | undefined): boolean;
  /** Called once, with the text of the answer, or with undefined where the body held notifications only. */
  respond(text: string | undefined): void;
}

/** Whoever makes the items of a stream. */
export interface Source {
  resume(): void;
}

type Id = string | number | null;

/** Answers one body of JSON-RPC 2.0 (https://www.jsonrpc.org/specification): a call, a notification, or a batch. */
export function answer(body: string, exchange: Exchange): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    exchange.respond(
      failure(null, toErrorData(new HadronError("PARSE_ERROR", `The body is not JSON: ${(error as Error).message}.`))),
    );
    return;
  }
  if (!Array.isArray(parsed)) return one(parsed, exchange);
  if (parsed.length === 0) {
    exchange.respond(failure(null, toErrorData(new HadronError("INVALID_REQUEST", "The batch is empty."))));
    return;
  }
  const { maxOutputBytes } = exchange;
  const answers: string[] = [];
  let open = parsed.length;
  let bytes = 0;
  const { callId } = exchange.meta;
  for (const [place, request] of parsed.entries()) {
    one(request, {
      meta: callId === undefined ? exchange.meta : { ...exchange.meta, callId: `${callId}.${place}` },
      maxOutputBytes,
      streams: exchange.streams,
      begun: exchange.begun,
      begin: () => exchange.begin(),
      send: (text, source) => exchange.send(text, source),
      dispatch: (call, reply) => exchange.dispatch(call, reply),
      respond(text) {
        if (text !== undefined) {
          // Each answer keeps to the limit; so does the whole batch, or many small calls would add up to no limit.
          bytes += text.length;
          answers.push(bytes <= maxOutputBytes ? text : failure(idOf(request), tooLarge(maxOutputBytes)));
        }
        if (--open > 0) return;
        if (!exchange.begun) exchange.respond(answers.length === 0 ? undefined : `[${answers.join(",")}]`);
        else {
          for (const one of answers) exchange.send(one, undefined);
          exchange.respond(undefined);
        }
      },
    });
  }
}

function one(request: unknown, exchange: Exchange): void {
  const problem = whyInvalid(request);
  if (problem !== undefined) {
    exchange.respond(failure(idOf(request), toErrorData(new HadronError("INVALID_REQUEST", problem))));
    return;
  }
  const { method, params, id } = request as { method: string; params?: unknown; id?: Id };
  const reply = new RpcReply(id, exchange);
  if (Array.isArray(params) && params.length > 1) {
    reply.fail(
      toErrorData(
        new HadronError(
          "INVALID_INPUT",
          `A procedure has one input, but params has ${params.length} elements: send an object, or [input].`,
        ),
      ),
    );
    return;
  }
  const { timeoutMs, trace, meta, caller, callId } = exchange.meta;
  exchange.dispatch(
    { procedure: method, input: Array.isArray(params) ? params[0] : params, timeoutMs, trace, meta, caller, callId },
    reply,
  );
}

/** Puts the outcome of one call into words. A notification, which has no id, gets none. */
class RpcReply implements Reply, ItemSink {
  readonly #id: Id | undefined;
  readonly #exchange: Exchange;
  /** Who makes the items, where the output is a stream. */
  #source: Source | undefined;
  /** The items, where the caller takes them at once only. */
  #items: string[] | undefined;
  #bytes = 0;

  constructor(id: Id | undefined, exchange: Exchange) {
    this.#id = id;
    this.#exchange = exchange;
  }

  ok(output: unknown): void {
    const id = this.#id;
    if (id === undefined) this.#exchange.respond(undefined);
    else if (this.#items !== undefined) this.#exchange.respond(toResult(id, `[${this.#items.join(",")}]`));
    else this.#exchange.respond(success(id, output, this.#exchange.maxOutputBytes));
  }

  stream(source: Source): ItemSink {
    this.#source = source;
    if (!this.#exchange.streams) this.#items = [];
    else if (this.#id !== undefined) this.#exchange.begin();
    return this;
  }

  /** A notification's items go nowhere. */
  item(value: unknown): boolean {
    const id = this.#id;
    if (id === undefined) return true;
    const text = encodeItem(value);
    if (this.#items === undefined) {
      checkSize(text.length, this.#exchange.maxOutputBytes);
      return this.#exchange.send(toItem(id, text), this.#source);
    }
    this.#bytes += text.length + 1;
    checkSize(this.#bytes, this.#exchange.maxOutputBytes);
    this.#items.push(text);
    return true;
  }

  fail(error: ErrorData): void {
    this.#exchange.respond(this.#id === undefined ? undefined : failure(this.#id, error));
  }
}

function whyInvalid(request: unknown): string | undefined {
  if (typeof request !== "object" || request === null || Array.isArray(request)) return "A request is an object.";
  const { jsonrpc, method, params, id } = request as Record<string, unknown>;
  if (jsonrpc !== "2.0") return 'A request says "jsonrpc": "2.0".';
  if (typeof method !== "string") return '"method" is a string.';
  if (params !== undefined && (typeof params !== "object" || params === null))
    return '"params" is an array or an object.';
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number") {
    return '"id" is a string, a number or null.';
  }
  return undefined;
}

/** The id of a request that may be no request at all: null where it cannot be told. */
function idOf(request: unknown): Id {
  const id = (request as { id?: unknown } | null | undefined)?.id;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

function success(id: Id, output: unknown, maxOutputBytes: number): string {
  let text: string | undefined;
  try {
    // A result of undefined is null: JSON-RPC wants a result in each answer.
    text = output === undefined ? "null" : JSON.stringify(output);
  } catch (error) {
    const { message } = error as Error;
    // V8 says this where the text would be longer than a string can be.
    if (error instanceof RangeError && /string length/i.test(message)) return failure(id, tooLarge(maxOutputBytes));
    const why = error instanceof RangeError ? "it is nested too deeply" : message.split("\n")[0]!;
    return failure(id, toErrorData(new HadronError("INVALID_OUTPUT", `The output is not JSON: ${why}.`)));
  }
  if (text === undefined) {
    return failure(
      id,
      toErrorData(new HadronError("INVALID_OUTPUT", `The output is not JSON: it is a ${typeof output}.`)),
    );
  }
  if (text.length > maxOutputBytes) return failure(id, tooLarge(maxOutputBytes));
  return toResult(id, text);
}

function toResult(id: Id, text: string): string {
  return `{"jsonrpc":"2.0","result":${text},"id":${typeof id === "number" ? id : JSON.stringify(id)}}`;
}

/** An item of a stream, as a notification to the caller. */
function toItem(id: Id, text: string): string {
  return `{"jsonrpc":"2.0","method":"rpc.item","params":{"id":${JSON.stringify(id)},"item":${text}}}`;
}

function encodeItem(value: unknown): string {
  let text: string | undefined;
  try {
    text = value === undefined ? "null" : JSON.stringify(value);
  } catch (cause) {
    const why = cause instanceof RangeError ? "it is nested too deeply" : (cause as Error).message.split("\n")[0];
    throw new HadronError("INVALID_OUTPUT", `An item of the output is not JSON: ${why}.`, { cause });
  }
  if (text === undefined)
    throw new HadronError("INVALID_OUTPUT", `An item of the output is not JSON: it is a ${typeof value}.`);
  return text;
}

function checkSize(length: number, limit: number): void {
  if (length <= limit) return;
  const { message } = tooLarge(limit);
  throw new HadronError(
    "TOO_LARGE",
    `${message} Take a stream item by item: accept application/x-ndjson or text/event-stream.`,
  );
}

function tooLarge(limit: number): ErrorData {
  return toErrorData(
    new HadronError(
      "TOO_LARGE",
      `The output is larger than ${limit} bytes, the limit of this service (limits.outputBytes).`,
    ),
  );
}

/** An error as an answer. The message has the path, so that whoever reads only that sees where it failed. */
export function failure(id: Id, { code, message, retryable, path, retryAfterMs }: ErrorData): string {
  const text = path.length === 0 ? message : `${message} (${path.join(" → ")})`;
  const data = { code, retryable, path, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return JSON.stringify({ jsonrpc: "2.0", error: { code: ERROR_CODES[code].rpc, message: text, data }, id });
}
