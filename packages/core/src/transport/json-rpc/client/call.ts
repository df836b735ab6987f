import { HadronError } from "../../../errors.ts";
import type { Cancellable } from "../../../scope/scope.ts";
import { IncomingStream, type StreamOwner } from "../../incoming-stream.ts";
import type { OutgoingCall } from "../../transport.ts";
import type { Line, LineEvents } from "./line.ts";
import { toError, toOutput } from "./message.ts";
import type { HttpResponse, PieceTaker } from "./response-parser.ts";
import { JsonLines } from "./stream.ts";

/** Bytes of a stream that wait for their consumer, before no more is read. */
const STREAM_WINDOW = 256 * 1024;

/** Whoever makes calls, and hears when one is over. */
export interface CallOwner {
  readonly address: string;
  readonly maxOutputBytes: number;
  /** `line`: the one that it had; `reusable`: for another. */
  done(call: HttpCall, line: Line | undefined, reusable: boolean): void;
}

/** One call under way. */
export class HttpCall implements Cancellable, LineEvents, StreamOwner<undefined> {
  over = false;
  readonly #owner: CallOwner;
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
    owner: CallOwner,
    id: number,
    request: string,
    call: OutgoingCall,
    resolve: (output: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#owner = owner;
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
    const lines = new JsonLines(this.#owner.maxOutputBytes, (message, bytes) => {
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
      this.#resolve(toOutput(response, this.#id, this.#owner.address));
    } catch (error) {
      this.#reject(error);
    }
  }

  failed(cause: Error, unsent: boolean): void {
    if (!this.#finish(false)) return;
    const what = unsent ? "cannot be reached" : "broke the connection during the call";
    this.#fail(
      new HadronError("UNAVAILABLE", `${this.#owner.address} ${what}: ${reasonOf(cause)}.`, { cause, unsent }),
    );
  }

  #fail(error: HadronError): void {
    if (this.#stream === undefined) this.#reject(error);
    else this.#stream.fail(error);
  }

  /** This side closed the connection. */
  closed(): void {
    const unsent = this.#line === undefined || !this.#line.connected;
    if (this.#finish(false)) this.#fail(closedHere(this.#owner.address, unsent));
  }

  /** The caller gave up: closing the connection tells the other side. */
  cancelled(error: HadronError): void {
    if (this.#finish(false)) this.#fail(error);
  }

  #finish(reusable: boolean): boolean {
    if (this.over) return false;
    this.over = true;
    this.#call.scope.delete(this);
    this.#owner.done(this, this.#line, reusable);
    return true;
  }
}

/** The error of a call whose connection this side closed. */
export function closedHere(address: string, unsent: boolean): HadronError {
  const when = unsent ? "before the call was sent" : "during the call";
  return new HadronError("UNAVAILABLE", `The connection to ${address} was closed by this side, ${when}.`, { unsent });
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND") return "there is no such host";
  return error.message === "" && code !== undefined ? code : error.message;
}
