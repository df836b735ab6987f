import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ErrorData, HadronError } from "../../../errors.ts";
import type { ItemSink, ItemSource, Reply } from "../../transport.ts";
import type { OpenWebRequest, WebAnswer, WebRequest } from "../message.ts";
import { titleOf } from "../problem.ts";
import { WebReply } from "./answer.ts";
import { headOf } from "./request.ts";

/** Whether a request asks for WebSocket: RFC 6455, section 4.2.1. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

/** A request whose connection is given over: its body are the bytes that come. */
export class UpgradedRequest implements OpenWebRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly address: string | undefined;
  readonly secure: boolean;
  readonly upgrade = true;
  readonly #socket: Duplex;
  readonly #first: Buffer;

  constructor(request: IncomingMessage, socket: Duplex, first: Buffer) {
    const head = headOf(request);
    this.method = head.method;
    this.url = head.url;
    this.headers = head.headers;
    this.address = head.address;
    this.secure = head.secure ?? false;
    this.#socket = socket;
    this.#first = first;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WebRequest | Uint8Array> {
    const { method, url, headers, address, secure, upgrade } = this;
    yield { method, url, headers, address, secure, upgrade };
    yield* this.chunks();
  }

  whole(): undefined {}

  async *chunks(): AsyncGenerator<Uint8Array> {
    if (this.#first.length > 0) yield this.#first;
    try {
      yield* this.#socket.iterator({ destroyOnReturn: false });
    } catch (cause) {
      throw new HadronError("CANCELLED", "The other end of the connection went away.", { cause });
    }
  }
}

/** Puts the outcome of a call into a connection that is given over: after 101 its bytes, else an answer of HTTP, the last. */
export class UpgradeReply implements Reply, ItemSink {
  readonly #request: IncomingMessage;
  readonly #socket: Duplex;
  #source: ItemSource | undefined;
  #begun = false;
  /** What answers where it is not given over. */
  #refusal: WebReply | undefined;
  over = false;
  outputBytes: number | undefined = undefined;

  constructor(request: IncomingMessage, socket: Duplex) {
    this.#request = request;
    this.#socket = socket;
    // It also closes, which is what everybody listens for.
    socket.on("error", () => {});
  }

  ok(output: unknown): void {
    this.over = true;
    if (this.#begun) this.#socket.end(() => this.#socket.destroy());
    else this.#refuse().ok(output);
  }

  fail(error: ErrorData): void {
    this.over = true;
    if (this.#begun) this.#socket.destroy();
    else this.#refuse().fail(error);
  }

  stream(source: ItemSource): ItemSink {
    this.#source = source;
    return this;
  }

  item(value: unknown): boolean {
    if (!this.#begun && (this.#refusal !== undefined || (value as WebAnswer).status !== 101)) {
      return this.#refuse().item(value);
    }
    const socket = this.#socket;
    if (this.#begun && (value as Uint8Array).length === 0) {
      // From here on it makes no difference whether somebody is there.
      this.over = true;
      socket.end(() => socket.destroy());
      return true;
    }
    if (socket.writable && socket.write(this.#begun ? (value as Uint8Array) : this.#accept(value as WebAnswer))) {
      return true;
    }
    if (!socket.destroyed) socket.once("drain", () => this.#source?.resume());
    return socket.destroyed;
  }

  #accept({ headers }: WebAnswer): Buffer {
    let text = `HTTP/1.1 101 ${titleOf(101)}\r\n`;
    for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
    // A line break in it would be a header, or a message, of somebody's own.
    if (/[^\t\x20-\x7e\x80-\xff\r\n]|\r(?!\n)/.test(text) || text.split("\r\n").length !== headers.length / 2 + 2) {
      throw new TypeError("A header of the answer 101 has a character that none can have.");
    }
    this.#begun = true;
    return Buffer.from(`${text}\r\n`, "latin1");
  }

  #refuse(): WebReply {
    if (this.#refusal !== undefined) return this.#refusal;
    const { ServerResponse } = process.getBuiltinModule("node:http");
    const socket = this.#socket;
    const response = new ServerResponse(this.#request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as never);
    socket.on("drain", () => response.emit("drain"));
    response.once("finish", () => socket.end(() => socket.destroy()));
    this.#refusal = new WebReply(this.#request, response, { closing: () => true, leaving: () => {} });
    if (this.#source !== undefined) this.#refusal.stream(this.#source);
    return this.#refusal;
  }
}
