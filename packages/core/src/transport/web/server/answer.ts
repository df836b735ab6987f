import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorData, toErrorData } from "../../../errors.ts";
import { discard } from "../../http/body.ts";
import type { ItemSink, ItemSource, Reply } from "../../transport.ts";
import type { WebAnswer } from "../message.ts";
import { toProblem } from "../problem.ts";

/** A body that is not read to its end is read away up to here; behind a longer one the connection ends. */
const SHORT_BYTES = 64 * 1024;

/** Puts the outcome of a call into an answer of HTTP. */
export class WebReply implements Reply, ItemSink {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #source: ItemSource | undefined;
  #begun = false;
  /** Whether the outcome is known. */
  over = false;
  outputBytes: number | undefined = undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  ok(output: unknown): void {
    this.over = true;
    if (this.#begun) {
      this.#response.end();
      return;
    }
    if (!isAnswer(output)) return this.fail(noAnswer());
    try {
      this.#write(output, true);
    } catch (error) {
      // A header that cannot be sent, such as one with a line break: nothing has gone out.
      return this.fail(toErrorData(error));
    }
    this.#response.end(this.#request.method === "HEAD" ? undefined : output.body);
  }

  fail(error: ErrorData): void {
    this.over = true;
    // What has begun can only break off: that is how whoever reads it knows that it is not whole.
    if (this.#begun) {
      this.#response.destroy();
      return;
    }
    // The time is over, and the request is not whole yet: that took it.
    const late = error.code === "DEADLINE_EXCEEDED" && !this.#request.complete;
    const answer = toProblem(error, late ? 408 : undefined);
    this.#write(answer, true);
    this.#response.end(this.#request.method === "HEAD" ? undefined : answer.body);
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

  #write({ status, headers, body }: WebAnswer, whole: boolean): void {
    const request = this.#request;
    const fields = [...headers];
    if (whole && status !== 204 && status !== 304 && !fields.includes("content-length")) {
      const bytes = body === undefined ? 0 : Buffer.byteLength(body);
      this.outputBytes = bytes;
      fields.push("content-length", String(bytes));
    }
    const unread = !request.complete && whole;
    const short = Number(request.headers["content-length"]) <= SHORT_BYTES && status !== 408;
    if (unread && !short) fields.push("connection", "close");
    this.#response.writeHead(status, fields);
    if (unread) discard(request);
  }
}

function isAnswer(value: unknown): value is WebAnswer {
  return typeof (value as WebAnswer | undefined)?.status === "number";
}

function noAnswer(): ErrorData {
  return toErrorData(new Error("The procedure gave no answer of HTTP: neither status nor headers."));
}
