import { type ErrorData, HadronError, toErrorData } from "../../../errors.ts";
import type { IncomingCall, ItemSink, ItemSource, Reply } from "../../transport.ts";
import {
  checkSize,
  encodeItem,
  failure,
  type Id,
  idOf,
  success,
  toItem,
  tooLarge,
  toResult,
  whyInvalid,
} from "./message.ts";

/** What an HTTP request says about all the calls in its body. */
export type CallMeta = Pick<
  IncomingCall,
  "timeoutMs" | "trace" | "meta" | "caller" | "inside" | "callId" | "inputBytes"
>;

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
  send(text: string, source: ItemSource | undefined): boolean;
  /**
   * Called once, with the text of the answer, or with undefined where the body held notifications only. Returns its bytes;
   * undefined where it is a part of what goes out, or nothing is.
   */
  respond(text: string | undefined): number | undefined;
}

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
  if (!Array.isArray(parsed)) return answerOne(parsed, exchange);
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
    answerOne(request, {
      meta: {
        ...exchange.meta,
        callId: callId === undefined ? undefined : `${callId}.${place}`,
        inputBytes: undefined,
      },
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
        if (--open > 0) return undefined;
        if (!exchange.begun) exchange.respond(answers.length === 0 ? undefined : `[${answers.join(",")}]`);
        else {
          for (const text of answers) exchange.send(text, undefined);
          exchange.respond(undefined);
        }
        return undefined;
      },
    });
  }
}

function answerOne(request: unknown, exchange: Exchange): void {
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
  const { timeoutMs, trace, meta, caller, inside = false, callId, inputBytes } = exchange.meta;
  const input = Array.isArray(params) ? params[0] : params;
  exchange.dispatch({ procedure: method, input, timeoutMs, trace, meta, caller, inside, callId, inputBytes }, reply);
}

/** Puts the outcome of one call into words. A notification, which has no id, gets none. */
class RpcReply implements Reply, ItemSink {
  readonly #id: Id | undefined;
  readonly #exchange: Exchange;
  /** Who makes the items, where the output is a stream. */
  #source: ItemSource | undefined;
  /** The items, where the caller takes them at once only. */
  #items: string[] | undefined;
  #bytes = 0;
  outputBytes: number | undefined = undefined;

  constructor(id: Id | undefined, exchange: Exchange) {
    this.#id = id;
    this.#exchange = exchange;
  }

  ok(output: unknown): void {
    const id = this.#id;
    const exchange = this.#exchange;
    if (id === undefined) exchange.respond(undefined);
    else if (this.#items !== undefined) this.outputBytes = exchange.respond(toResult(id, `[${this.#items.join(",")}]`));
    else this.outputBytes = exchange.respond(success(id, output, exchange.maxOutputBytes));
  }

  stream(source: ItemSource): ItemSink {
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
