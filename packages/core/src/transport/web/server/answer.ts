import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorData, toErrorData } from "../../../errors.ts";
import { discard } from "../../http/body.ts";
import type { ItemSink, ItemSource, Reply } from "../../transport.ts";
import type { WebAnswer } from "../message.ts";
import { toProblem } from "../problem.ts";

/** A body that is not read to its end is read away up to here; behind a longer one the connection ends. */
const SHORT_BYTES = 64 * 1024;

/** What is the same of all answers of a server. */
export interface Sending {
  /** Whether connections are to end with their next answer. */
  readonly closing: () => boolean;
  /** Told of an answer that is not out of this process when it ends. */
  readonly leaving: (response: ServerResponse) => void;
}

/** Puts the outcome of a call into an answer of HTTP. */
export class WebReply implements Reply, ItemSink {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #sending: Sending;
  readonly #body: { readonly isWhole: boolean } | undefined;
  #source: ItemSource | undefined;
  #begun = false;
  /** Whether the outcome is known. */
  over = false;
  outputBytes: number | undefined = undefined;

  /** @param body Of the request, where it has one. */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    sending: Sending,
    body?: { readonly isWhole: boolean } | undefined,
  ) {
    this.#request = request;
    this.#response = response;
    this.#sending = sending;
    this.#body = body;
  }

  ok(output: unknown): void {
    this.over = true;
    if (this.#begun) return this.#end(undefined);
    if (!isAnswer(output)) return this.fail(noAnswer());
    try {
      this.#write(output, true);
    } catch (error) {
      // A header that cannot be sent, such as one with a line break: nothing has gone out.
      return this.fail(toErrorData(error));
    }
    this.#end(output.body);
  }

  fail(error: ErrorData): void {
    this.over = true;
    // What has begun can only break off: that is how whoever reads it knows that it is not whole.
    if (this.#begun) {
      this.#response.destroy();
      return;
    }
    // The time is over, and the request is not whole yet: that took it.
    const late = error.code === "DEADLINE_EXCEEDED" && this.#isUnread;
    const answer = toProblem(error, late ? 408 : undefined);
    this.#write(answer, true);
    this.#end(answer.body);
  }

  stream(source: ItemSource): ItemSink {
    this.#source = source;
    return this;
  }

  item(value: unknown): boolean {
    const response = this.#response;
    if (!this.#begun) {
      if (!isAnswer(value)) throw new TypeError(noAnswer().message);
      this.#begun = true;
      this.#write(value, false);
      // Its first chunk may be long in coming.
      response.flushHeaders();
      return true;
    }
    if (response.destroyed || response.write(value)) return true;
    response.once("drain", () => this.#source?.resume());
    return false;
  }

  /** Whether something of its request is still to come. */
  get #isUnread(): boolean {
    return this.#body?.isWhole === false;
  }

  #write({ status, headers, body }: WebAnswer, whole: boolean): void {
    const request = this.#request;
    const fields = [...headers];
    if (whole && status !== 204 && status !== 304 && !fields.includes("content-length")) {
      const bytes = body === undefined ? 0 : Buffer.byteLength(body);
      this.outputBytes = bytes;
      fields.push("content-length", String(bytes));
    }
    const unread = whole && this.#isUnread;
    const short = unread && Number(request.headers["content-length"]) <= SHORT_BYTES && status !== 408;
    if ((unread && !short) || this.#sending.closing()) fields.push("connection", "close");
    this.#response.writeHead(status, fields);
    if (unread) discard(request);
  }

  #end(body: WebAnswer["body"]): void {
    const response = this.#response;
    if (body === undefined || this.#request.method === "HEAD") response.end();
    // A text of as many bytes as letters is ASCII, whose bytes need not be looked for.
    else if (body.length === this.outputBytes) response.end(body, "latin1");
    else response.end(body);
    if (response.writableLength > 0) this.#sending.leaving(response);
  }
}

function isAnswer(value: unknown): value is WebAnswer {
  return typeof (value as WebAnswer | undefined)?.status === "number";
}

function noAnswer(): ErrorData {
  return toErrorData(new Error("The procedure gave no answer of HTTP: neither status nor headers."));
}
