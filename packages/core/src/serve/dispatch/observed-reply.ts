import type { ErrorCode, ErrorData } from "../../errors.ts";
import type { CallObserver } from "../../observe/observer.ts";
import type { Hello, IncomingCall, ItemSink, ItemSource, Reply } from "../../transport/transport.ts";

/** Where the outcome of a call goes, past an observer that is told of it. */
export class ObservedReply implements Reply {
  readonly #observer: CallObserver;
  readonly #token: number;
  readonly #reply: Reply;
  readonly #call: IncomingCall;

  constructor(observer: CallObserver, { service, replica }: Hello, call: IncomingCall, reply: Reply) {
    this.#observer = observer;
    this.#reply = reply;
    this.#call = call;
    const { procedure, connection, number } = call;
    this.#token = observer.began({ side: "serving", service, procedure, replica, attempt: 0, connection, number });
  }

  ok(output: unknown): void {
    this.#reply.ok(output);
    this.#ended(undefined);
  }

  fail(error: ErrorData): void {
    this.#reply.fail(error);
    this.#ended(error.code);
  }

  stream(source: ItemSource): ItemSink {
    return this.#reply.stream(source);
  }

  /** After the outcome went out: until then nobody knows its size. */
  #ended(code: ErrorCode | undefined): void {
    this.#observer.ended(this.#token, code, this.#call.inputBytes, this.#reply.outputBytes);
  }
}
