import type { Output } from "../guest/output.ts";
import type { ComponentAnswer, ComponentRequest } from "../guest/protocol.ts";
import { BytesFile } from "../wasi/virtual.ts";
import { Fields } from "./http-fields.ts";
import { InputStream, OutputStream, Pollable } from "./io.ts";

/** `variant` of WIT, as jco has it. */
export interface Tagged {
  readonly tag: string;
  readonly val?: string;
}

type Result<T> = { readonly tag: "ok"; readonly val: T } | { readonly tag: "err"; readonly val: Tagged };

/** `wasi:http/types`: what came, to be read once. */
export class IncomingBody {
  #bytes: Uint8Array | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  stream(): InputStream {
    if (this.#bytes === undefined) throw new Error("its body is read already");
    const file = new BytesFile(this.#bytes);
    this.#bytes = undefined;
    let position = 0;
    return new InputStream((target) => {
      const count = file.read(position, target);
      position += count;
      return count;
    });
  }

  static finish(): FutureTrailers {
    return new FutureTrailers();
  }
}

/** There are none. */
export class FutureTrailers {
  subscribe(): Pollable {
    return new Pollable();
  }

  get(): Result<Result<undefined>> {
    return { tag: "ok", val: { tag: "ok", val: undefined } };
  }
}

/** `wasi:http/types`: a request that a component answers. */
export class IncomingRequest {
  readonly #request: ComponentRequest;

  constructor(request: ComponentRequest) {
    this.#request = request;
  }

  method(): Tagged {
    const method = this.#request.method.toLowerCase();
    return METHODS.includes(method) ? { tag: method } : { tag: "other", val: this.#request.method };
  }

  pathWithQuery(): string | undefined {
    return this.#request.path;
  }

  scheme(): Tagged | undefined {
    return { tag: this.#request.scheme === "https" ? "HTTPS" : "HTTP" };
  }

  authority(): string | undefined {
    return this.#request.authority;
  }

  headers(): Fields {
    return Fields.of(this.#request.headers);
  }

  consume(): IncomingBody {
    return new IncomingBody(this.#request.body);
  }
}

const METHODS = ["get", "head", "post", "put", "delete", "connect", "options", "trace", "patch"];

/** `wasi:http/types`: what a component answers, or sends. */
export class OutgoingBody {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  write(): OutputStream {
    return new OutputStream((bytes) => this.#output.write(bytes));
  }

  static finish(): void {}
}

/** `wasi:http/types`. */
export class OutgoingResponse {
  readonly #headers: Fields;
  readonly output: Output;
  #status = 200;

  constructor(headers: Fields, output: Output) {
    this.#headers = headers;
    this.output = output;
  }

  statusCode(): number {
    return this.#status;
  }

  setStatusCode(status: number): void {
    if (status < 100 || status > 599) throw new Error(`it answers with status ${status}`);
    this.#status = status;
  }

  headers(): Fields {
    return this.#headers;
  }

  body(): OutgoingBody {
    return new OutgoingBody(this.output);
  }

  /** When the call is over: until then its body is written. */
  toAnswer(): ComponentAnswer {
    return { status: this.#status, headers: this.#headers.toTexts(), body: this.output.toBytes() };
  }
}

/** `wasi:http/types`: where a component's answer goes. */
export class ResponseOutparam {
  #answer: Result<OutgoingResponse> | undefined;

  static set(outparam: ResponseOutparam, answer: Result<OutgoingResponse>): void {
    outparam.#answer = answer;
  }

  get answer(): Result<OutgoingResponse> | undefined {
    return this.#answer;
  }
}
