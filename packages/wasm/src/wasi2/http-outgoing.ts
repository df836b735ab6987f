import { GuestError } from "../guest/error.ts";
import { Output } from "../guest/output.ts";
import { Failure } from "./failure.ts";
import type { ComponentGuest } from "./guest.ts";
import { Fields } from "./http-fields.ts";
import { IncomingBody, OutgoingBody, type Tagged } from "./http-messages.ts";
import { Pollable } from "./io.ts";

/** `wasi:http/types`: times that are asked for. The call's own holds. */
export class RequestOptions {
  connectTimeout(): bigint | undefined {
    return undefined;
  }
  setConnectTimeout(): void {}
  firstByteTimeout(): bigint | undefined {
    return undefined;
  }
  setFirstByteTimeout(): void {}
  betweenBytesTimeout(): bigint | undefined {
    return undefined;
  }
  setBetweenBytesTimeout(): void {}
}

/** `wasi:http/types`: a request that a component makes. */
export class OutgoingRequest {
  readonly #headers: Fields;
  #method: Tagged = { tag: "get" };
  #path: string | undefined;
  #scheme: Tagged | undefined;
  #authority: string | undefined;

  constructor(headers: Fields) {
    this.#headers = headers;
  }

  body(): OutgoingBody {
    // Of a GET there is none.
    return new OutgoingBody(new Output(0));
  }

  method(): Tagged {
    return this.#method;
  }
  setMethod(method: Tagged): void {
    this.#method = method;
  }
  pathWithQuery(): string | undefined {
    return this.#path;
  }
  setPathWithQuery(path: string | undefined): void {
    this.#path = path;
  }
  scheme(): Tagged | undefined {
    return this.#scheme;
  }
  setScheme(scheme: Tagged | undefined): void {
    this.#scheme = scheme;
  }
  authority(): string | undefined {
    return this.#authority;
  }
  setAuthority(authority: string | undefined): void {
    this.#authority = authority;
  }
  headers(): Fields {
    return this.#headers;
  }

  get url(): string {
    return `${this.#scheme?.tag === "HTTP" ? "http" : "https"}://${this.#authority ?? ""}${this.#path ?? "/"}`;
  }
}

/** `wasi:http/types`: what was got. */
export class IncomingResponse {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** What is answered otherwise is a failure of what asked for it. */
  status(): number {
    return 200;
  }

  headers(): Fields {
    return new Fields();
  }

  consume(): IncomingBody {
    return new IncomingBody(this.#bytes);
  }
}

/** `wasi:http/types`: it is there already. */
export class FutureIncomingResponse {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  subscribe(): Pollable {
    return new Pollable();
  }

  get() {
    return { tag: "ok", val: { tag: "ok", val: new IncomingResponse(this.#bytes) } };
  }
}

/** `wasi:http/outgoing-handler`: gets what was granted, as a module of the guest API does. */
export function send(request: OutgoingRequest, guest: ComponentGuest): FutureIncomingResponse {
  if (request.method().tag !== "get") throw new Failure({ tag: "HTTP-request-method-invalid" });
  try {
    return new FutureIncomingResponse(guest.fetch(request.url));
  } catch (error) {
    if (error instanceof GuestError && error.code === "PERMISSION_DENIED") throw error;
    if (error instanceof GuestError) throw new Failure({ tag: "internal-error", val: error.message });
    throw error;
  }
}
