import { type Context, HadronError, isHadronError, type Schema } from "@hadron/core";
import { describeIssues, inWords } from "@hadron/core/spi";
import type { WebSocket } from "ws";
import type { Closed, ResolvedSocketOptions, SocketIncoming } from "../routes/socket-types.ts";
import { Inbox } from "./inbox.ts";

/** A client that has so many bytes to take that were told to all is too slow for it. */
const MOST_UNSENT_BYTES = 1024 * 1024;

/** The reason of a close is so long at most, in bytes: RFC 6455, section 5.5. */
const MOST_REASON_BYTES = 123;

/** What whoever hears 1001 does: another replica takes it. */
const RECONNECT = "reconnect";

/** One socket, from when it is open until it is closed. */
export class LiveSocket {
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;
  readonly #options: ResolvedSocketOptions;
  readonly #context: Context;
  readonly #inbox: Inbox;
  readonly #over = new AbortController();
  #outcome: Closed | undefined;

  constructor(socket: WebSocket, options: ResolvedSocketOptions, context: Context) {
    this.#socket = socket;
    this.#options = options;
    this.#context = context;
    this.#inbox = new Inbox(socket, (data, binary) => this.#read(data, binary));
    // What goes wrong in the protocol closes it, with the code for that.
    socket.on("error", () => {});
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    socket.once("close", (code, reason) => {
      this.#outcome = { code, reason: reason.toString() };
      this.#inbox.end();
      this.#over.abort(closedError(this.#outcome));
      resolve(this.#outcome);
    });
    this.#ping();
  }

  /** What its handler is given of it. */
  get given(): Pick<SocketIncoming, "send" | "messages" | "close" | "closed" | "protocol" | "signal"> {
    const inbox = this.#inbox;
    return {
      send: (message) => this.#send(message),
      close: (code = 1000, reason = "") => this.#socket.close(code, reason),
      closed: this.closed,
      protocol: this.#socket.protocol,
      signal: this.#over.signal,
      // Looked at by whoever wants them alone.
      get messages() {
        return inbox.messages;
      },
    };
  }

  /** Runs its handler, and closes. Rejects with what the handler failed with, once it is closed. */
  async run(work: () => unknown): Promise<void> {
    try {
      await work();
      this.#close(1000, "");
    } catch (error) {
      // It is only that nobody is there any more.
      if (this.#outcome !== undefined && isHadronError(error) && error.code === "CANCELLED") return;
      this.#close(...toClose(error));
      await this.closed;
      throw error;
    }
    await this.closed;
  }

  /** Sends what is told to all. Whoever does not take it as fast as it comes is let go: 1013. */
  tell(text: string): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > MOST_UNSENT_BYTES) this.#close(1013, "too slow");
    else socket.send(text);
  }

  /** Its replica goes: another one takes it. What has come by then still has its reader. */
  leave(): void {
    this.#socket.close(1001, RECONNECT);
  }

  /** The connection is gone. */
  terminate(): void {
    this.#socket.terminate();
  }

  async #send(message: unknown): Promise<void> {
    const { output, form } = this.#options;
    const value = output === undefined ? message : await checkOutput(output, message);
    const data = value instanceof Uint8Array || form === "raw" ? value : JSON.stringify(value);
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new TypeError(
        `send: a ${typeof message} is no message: give ${form === "raw" ? "a text or bytes" : "JSON"}.`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.send(data, (error) => {
      if (error == null) resolve();
      else reject(closedError(this.#outcome));
    });
    return promise;
  }

  /** A message as its reader gets it; undefined: it does not fit, and that ends the socket. */
  async #read(data: Buffer, binary: boolean): Promise<{ readonly message: unknown } | undefined> {
    const { input, form } = this.#options;
    let message: unknown = binary ? new Uint8Array(data) : data.toString();
    if (form === "json" && !binary) {
      try {
        message = JSON.parse(message as string);
      } catch (error) {
        return this.#refuse(`no JSON: ${(error as Error).message}`);
      }
    }
    if (input === undefined) return { message };
    const result = await input["~standard"].validate(message);
    return result.issues === undefined ? { message: result.value } : this.#refuse(describeIssues(result.issues));
  }

  #refuse(why: string): undefined {
    this.#close(1007, why);
    return undefined;
  }

  #close(code: number, reason: string): void {
    this.#socket.close(code, toReason(reason));
    // Whoever reads no more will not hear the client's answer otherwise.
    this.#inbox.drop();
  }

  #ping(): void {
    const socket = this.#socket;
    let heard = true;
    const alive = () => {
      heard = true;
    };
    socket.on("pong", alive).on("message", alive).on("ping", alive);
    const timer = setInterval(() => {
      // While it is not read from, what it says is not heard.
      if (!heard && !socket.isPaused) return socket.terminate();
      heard = false;
      socket.ping();
    }, this.#options.pingMs);
    timer.unref();
    socket.once("close", () => clearInterval(timer));
    this.#context.signal.addEventListener("abort", () => socket.terminate(), { once: true });
  }
}

function closedError(closed: Closed | undefined): HadronError {
  const how =
    closed === undefined ? "is closing" : `is closed: ${closed.code}${closed.reason && ` (${closed.reason})`}`;
  return new HadronError("CANCELLED", `The socket ${how}.`);
}

/** How a socket closes whose handler failed; why is told where the client can do something about it. */
function toClose(error: unknown): readonly [code: number, reason: string] {
  if (!isHadronError(error)) return [1011, ""];
  switch (error.code) {
    case "INVALID_INPUT":
    case "UNAUTHENTICATED":
    case "PERMISSION_DENIED":
      return [1008, inWords(error)];
    case "UNAVAILABLE":
    case "OVERLOADED":
      return [1013, ""];
    default:
      return [1011, ""];
  }
}

function toReason(text: string): string {
  if (Buffer.byteLength(text) <= MOST_REASON_BYTES) return text;
  // Whole characters: of what is cut in two, the half is left out.
  return new TextDecoder().decode(Buffer.from(text).subarray(0, MOST_REASON_BYTES), { stream: true });
}

async function checkOutput(schema: Schema, message: unknown): Promise<unknown> {
  const result = await schema["~standard"].validate(message);
  if (result.issues === undefined) return result.value;
  throw new HadronError("INVALID_OUTPUT", `The message does not fit: ${describeIssues(result.issues)}.`);
}
