/** Bytes that are no module, or that end in the middle of one. */
export class MalformedModule extends Error {}

const text = new TextDecoder("utf-8", { fatal: true });

/** Reads the binary form of WebAssembly, front to back (https://webassembly.github.io/spec/core/binary). */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
  }

  /** Where the next byte is, from the beginning of the module. */
  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  byte(): number {
    const value = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (value === undefined) throw new MalformedModule(`it ends at byte ${this.#at}, in the middle of something`);
    this.#at++;
    return value;
  }

  /** An unsigned number in LEB128, of 32 bits unless `maxBytes` is 10: then of 64. */
  unsigned(maxBytes: 5 | 10 = 5): number {
    let value = 0;
    for (let place = 0; place < maxBytes; place++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * place);
      if (byte >= 0x80) continue;
      if (maxBytes === 5 && value >= 2 ** 32) break;
      return value;
    }
    throw new MalformedModule(`the number that ends at byte ${this.#at} is longer than it may be`);
  }

  /** What is as long as the number before it says. */
  name(): string {
    const length = this.unsigned();
    const from = this.#at;
    this.skip(length);
    try {
      return text.decode(this.#bytes.subarray(from, this.#at));
    } catch {
      throw new MalformedModule(`the name at byte ${from} is not UTF-8`);
    }
  }

  skip(count: number): void {
    if (this.#at + count > this.#end) throw new MalformedModule(`it ends before byte ${this.#at + count}`);
    this.#at += count;
  }

  /** A reader of the next bytes alone; this one goes on after them. */
  part(length: number): ByteReader {
    const from = this.#at;
    this.skip(length);
    return new ByteReader(this.#bytes, from, this.#at);
  }

  /** A list: its length, and so many of what `read` reads. */
  list<T>(read: (index: number) => T): T[] {
    return Array.from({ length: this.unsigned() }, (_, index) => read(index));
  }
}

/** A number as LEB128. */
export function toUnsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}
