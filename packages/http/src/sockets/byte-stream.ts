import { Duplex } from "node:stream";

interface Written {
  readonly bytes: Uint8Array;
  readonly taken: (error?: Error) => void;
}

/**
 * The connection of a socket as a stream of Node: what comes is read from an iterable, and only once {@link open} was called; what is
 * written is taken out of {@link output}, and counts as written then.
 */
export class ByteStream extends Duplex {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #written: Written[] = [];
  #wake: (() => void) | undefined;
  #open = false;
  #wanted = false;
  #over = false;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    super({ readableHighWaterMark: 0 });
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Begins to read. */
  open(): void {
    this.#open = true;
    if (this.#wanted) void this.#readNext();
  }

  /** What has been written so far. */
  takeWritten(): Buffer {
    const written = this.#written.splice(0);
    for (const { taken } of written) taken();
    return Buffer.concat(written.map(({ bytes }) => bytes));
  }

  /** What is written, until the end. */
  async *output(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const first = this.#written.shift();
      if (first !== undefined) {
        try {
          yield first.bytes;
        } finally {
          first.taken();
        }
      } else if (this.#over) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  override _read(): void {
    this.#wanted = true;
    if (this.#open) void this.#readNext();
  }

  override _write(bytes: Uint8Array, _: unknown, taken: (error?: Error) => void): void {
    this.#written.push({ bytes, taken });
    this.#wakeUp();
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], taken: (error?: Error) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), undefined, taken);
  }

  override _final(done: () => void): void {
    this.#finish();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#finish();
    for (const { taken } of this.#written.splice(0)) taken(new Error("The connection is closed."));
    Promise.resolve(this.#chunks.return?.()).catch(() => {});
    done(error);
  }

  #finish(): void {
    this.#over = true;
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  async #readNext(): Promise<void> {
    this.#wanted = false;
    try {
      const step = await this.#chunks.next();
      if (!this.destroyed) this.push(step.done === true ? null : step.value);
    } catch {
      // The other end is gone. Its socket says so by closing without a word: 1006.
      this.destroy();
    }
  }
}
