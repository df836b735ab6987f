import type { ErrorData } from "../../errors.ts";
import type { CallObserver } from "../../observe/observer.ts";
import type { Hello, IncomingCall, ItemSink, Reply } from "../../transport/transport.ts";

/** Where the outcome of a call goes, past an observer that is told of it. */
export class ObservedReply implements Reply {
  readonly #observer: CallObserver;
  readonly #token: number;
  readonly #reply: Reply;

  constructor(observer: CallObserver, { service, replica }: Hello, call: IncomingCall, reply: Reply) {
    this.#observer = observer;
    this.#reply = reply;
    const { procedure, connection, number } = call;
    this.#token = observer.began({ side: "serving", service, procedure, replica, attempt: 0, connection, number });
  }

  ok(output: unknown): void {
    this.#observer.ended(this.#token, undefined);
    this.#reply.ok(output);
  }

  fail(error: ErrorData): void {
    this.#observer.ended(this.#token, error.code);
    this.#reply.fail(error);
  }

  stream(source: { resume(): void }): ItemSink {
    return this.#reply.stream(source);
  }
}
