import { HadronError } from "@hadron/core";
import type { Answering } from "./pool/guest-thread.ts";

/** Input and output of a guest that reads and writes as it goes: it waits for the one and for the other. */
export class Stream {
  readonly #label: string;
  readonly #input: AsyncIterator<unknown> | undefined;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  #written = Promise.withResolvers<Uint8Array | undefined>();
  #taken = Promise.withResolvers<void>();
  #running: Promise<unknown> = Promise.resolve();

  constructor(label: string, input: unknown, signal: AbortSignal) {
    this.#label = label;
    this.#signal = AbortSignal.any([signal, this.#ended.signal]);
    if (input !== undefined && !isAsyncIterable(input)) {
      throw new HadronError("INVALID_INPUT", `${label} takes a stream of bytes, and was given ${typeof input}.`);
    }
    this.#input = input?.[Symbol.asyncIterator]();
  }

  /** Aborts when the caller has gone, or has enough. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  /** Undefined where the question is about something else. */
  answer(question: Parameters<Answering>[0]): ReturnType<Answering> | undefined {
    if (question.kind === "input") return this.#read();
    return question.kind === "output" ? this.#write(question.bytes) : undefined;
  }

  /** The output ends when the guest does. */
  follow(running: Promise<unknown>): void {
    this.#running = running;
    running.then(
      () => this.#written.resolve(undefined),
      (error: unknown) => {
        // Where the caller has left, nobody waits for it.
        this.#written.promise.catch(() => {});
        this.#written.reject(error);
      },
    );
  }

  async *output(): AsyncGenerator<Uint8Array> {
    for (let bytes = await this.#written.promise; bytes !== undefined; bytes = await this.#written.promise) {
      this.#written = Promise.withResolvers();
      yield bytes;
      this.#taken.resolve();
      this.#taken = Promise.withResolvers();
    }
  }

  /** Nobody takes what is written any more. */
  async leave(): Promise<void> {
    this.#ended.abort(new HadronError("CANCELLED", `${this.#label}: nobody takes its output any more.`));
    await Promise.allSettled([this.#running, this.#input?.return?.()]);
  }

  async #read(): ReturnType<Answering> {
    const item = (await this.#input?.next()) ?? { done: true as const };
    if (item.done) return {};
    if (item.value instanceof Uint8Array) return { bytes: item.value };
    throw new HadronError(
      "INVALID_INPUT",
      `${this.#label} takes a stream of bytes, and was given ${typeof item.value}.`,
    );
  }

  /** Goes on when the caller has taken it. */
  async #write(bytes: Uint8Array): ReturnType<Answering> {
    const taken = this.#taken.promise;
    this.#written.resolve(bytes);
    await taken;
    return {};
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
