/** What several produce and one consumes, in the order in which it comes. Ends when it is told to, or fails. */
export class Queue<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #wake: () => void = () => {};
  #over: { readonly error: unknown } | undefined;

  push(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  /** What was pushed before is still read. */
  end(): void {
    this.fail(undefined);
  }

  /** The same, and the reader gets the error; the first of several. */
  fail(error: unknown): void {
    this.#over ??= { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const items = this.#items;
      this.#items = [];
      yield* items;
      if (this.#items.length > 0) continue;
      if (this.#over !== undefined) {
        if (this.#over.error !== undefined) throw this.#over.error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
