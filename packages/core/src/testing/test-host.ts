import { Host, type HostOptions } from "../call/host/host.ts";
import type { CallOptions } from "../declare/types.ts";
import { isStream } from "../transport/pump.ts";
import type { TestTime } from "./time/test-time.ts";

/** The calling side of a test: while a call of it is under way, or an item of a stream is waited for, time moves. */
export class TestHost extends Host {
  readonly #time: TestTime;

  constructor(options: HostOptions, time: TestTime) {
    super(options);
    this.#time = time;
  }

  override async call(
    service: string,
    procedure: string | undefined,
    input: unknown,
    options: CallOptions,
  ): Promise<unknown> {
    const output = await this.#time.during(super.call(service, procedure, input, options));
    return isStream(output) ? new WaitedStream(output, this.#time) : output;
  }
}

/** A stream for the test: time stands still between its items, while the test is at work. */
class WaitedStream implements AsyncIterableIterator<unknown> {
  readonly #items: AsyncIterator<unknown>;
  readonly #time: TestTime;

  constructor(stream: AsyncIterable<unknown>, time: TestTime) {
    this.#items = stream[Symbol.asyncIterator]();
    this.#time = time;
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#time.during(this.#items.next());
  }

  async return(): Promise<IteratorResult<unknown>> {
    await this.#items.return?.();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
