import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clockwork } from "../../../clock/clockwork.ts";
import { HadronError } from "../../../errors.ts";
import type { OpenWebRequest, WebRequest } from "../message.ts";

/** The head of a request, as plain data, so that it may be sent on as it is. */
export function headOf({ method = "GET", url = "/", rawHeaders: headers, socket }: IncomingMessage): WebRequest {
  return { method, url, headers, address: socket.remoteAddress, secure: "encrypted" in socket };
}

/** How long a body may be silent, and who says so. */
export interface BodyWait {
  readonly clock: Clockwork;
  readonly silenceMs: number;
}

/** Whether a request announces a body: RFC 9112, section 6. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/** A request whose body comes in as it is asked for. */
export class BodyRequest implements OpenWebRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly address: string | undefined;
  readonly secure: boolean;
  readonly #head: WebRequest;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #waiting: BodyWait;
  #begun = false;
  #taken = false;

  constructor(request: IncomingMessage, response: ServerResponse, waiting: BodyWait) {
    const head = headOf(request);
    this.method = head.method;
    this.url = head.url;
    this.headers = head.headers;
    this.address = head.address;
    this.secure = head.secure ?? false;
    this.#head = head;
    this.#request = request;
    this.#response = response;
    this.#waiting = waiting;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WebRequest | Uint8Array> {
    yield this.#head;
    yield* this.chunks();
  }

  whole(): Uint8Array | undefined {
    const request = this.#request;
    // Node says that a request is complete a little later than its last byte is here.
    if (this.#begun || request.readableLength !== Number(request.headers["content-length"])) return undefined;
    const bytes = request.read() as Buffer | null;
    if (bytes === null) return undefined;
    this.#begun = this.#taken = true;
    return bytes;
  }

  /** Whether all of it has come. */
  get isWhole(): boolean {
    return this.#taken || this.#request.complete;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    this.#begun = true;
    const request = this.#request;
    const { clock, silenceMs } = this.#waiting;
    // The sender waits to be asked for the body: nobody who only looks at the head has it sent.
    if (request.headers.expect !== undefined && !this.#response.headersSent) this.#response.writeContinue();
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => {});
    let heardAt = clock.now();
    const timer = clock.every(silenceMs / 4, () => {
      if (clock.now() - heardAt >= silenceMs) late.reject(tooSilent(silenceMs));
    });
    try {
      const chunks = request.iterator({ destroyOnReturn: false });
      for (;;) {
        const step = (await Promise.race([chunks.next(), late.promise])) as IteratorResult<Buffer>;
        if (step.done) return;
        yield step.value;
        // The time that its reader took is not the sender's.
        heardAt = clock.now();
      }
    } catch (error) {
      if (error instanceof HadronError) throw error;
      throw new HadronError("CANCELLED", "The sender of the request went away before its body was whole.", {
        cause: error,
      });
    } finally {
      clock.cancel(timer);
    }
  }
}

function tooSilent(silenceMs: number): HadronError {
  return new HadronError("DEADLINE_EXCEEDED", `Nothing of the request's body came for ${silenceMs} ms.`);
}
