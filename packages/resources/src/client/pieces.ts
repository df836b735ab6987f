import { HadronError } from "@hadron/core/spi";

/** Bytes that come in any pieces, taken as lines and as so many of them. */
export class Pieces {
  readonly #input: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#input = bytes[Symbol.asyncIterator]();
  }

  /** undefined: that was all. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#held.indexOf(10);
      if (end >= 0) {
        const line = this.#held.subarray(0, end).toString();
        this.#held = this.#held.subarray(end + 1);
        return line;
      }
      const { done, value } = await this.#input.next();
      if (done === true) return undefined;
      this.#held = Buffer.concat([this.#held, value]);
    }
  }

  async *take(length: number): AsyncGenerator<Uint8Array, void, undefined> {
    let left = length;
    while (left > 0) {
      if (this.#held.length === 0) {
        const { done, value } = await this.#input.next();
        if (done === true) throw endsEarly();
        this.#held = Buffer.from(value);
      }
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** What {@link frames} made of bytes whose number was not known before. */
  async *untilEnd(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const head = Buffer.concat(await Array.fromAsync(this.take(4)));
      const length = head.readUInt32BE();
      if (length === 0) return;
      yield* this.take(length);
    }
  }
}

/** Bytes of any number, so that whoever reads them knows where they end: pieces behind their lengths, and a length of 0. */
export async function* frames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const head = (length: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(length);
    return bytes;
  };
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    yield head(chunk.length);
    yield chunk;
  }
  yield head(0);
}

function endsEarly(): HadronError {
  return new HadronError("FAILED_PRECONDITION", "The backup ends in the middle of what it has of something.");
}
