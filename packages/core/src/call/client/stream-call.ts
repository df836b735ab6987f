import { HadronError } from "../../errors.ts";
import { isStream } from "../../transport/pump.ts";

/**
 * Lets a call be iterated, too. Whether a procedure streams is known to the compiler, but not to the code that calls it
 * before the answer comes.
 *
 * The promise itself gets the method, and remains a plain one: a subclass would make each `await` of each call slower.
 */
export function toCall(call: Promise<unknown>): Promise<unknown> {
  (call as Promise<unknown> & { [Symbol.asyncIterator]?: () => AsyncIterator<unknown> })[Symbol.asyncIterator] =
    iterate;
  return call;
}

function iterate(this: Promise<unknown>): AsyncIterator<unknown> {
  return new Items(this);
}

class Items implements AsyncIterableIterator<unknown> {
  readonly #stream: Promise<AsyncIterator<unknown>>;

  constructor(call: Promise<unknown>) {
    this.#stream = call.then(toIterator);
    // Told by `next`.
    this.#stream.catch(() => {});
  }

  async next(): Promise<IteratorResult<unknown>> {
    return (await this.#stream).next();
  }

  async return(): Promise<IteratorResult<unknown>> {
    await this.#stream.then(
      (stream) => stream.return?.(),
      () => {},
    );
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function toIterator(output: unknown): AsyncIterator<unknown> {
  if (isStream(output)) return output[Symbol.asyncIterator]();
  throw new HadronError("WRONG_USE", "The procedure gave one value, and no stream: use await, not for await.");
}
