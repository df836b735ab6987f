import { GuestError } from "./error.ts";

/** What a guest has written so far: at most so many bytes. */
export class Output {
  readonly #limit: number;
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws {@link GuestError} TOO_LARGE. The bytes are copied: the guest may use theirs again. */
  write(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#limit) throw new GuestError("TOO_LARGE", `its output is longer than ${this.#limit} bytes`);
    this.#parts.push(bytes.slice());
  }

  toBytes(): Uint8Array {
    const [first] = this.#parts;
    return this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
  }
}

/** What a guest says beside its output: the end of it. */
export class Log {
  readonly #limit: number;
  #text = "";
  #decoder: InstanceType<typeof TextDecoder> | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  write(text: string): void {
    this.#text += text;
    // Cut now and then, and not at each write, so that a lot of it costs no more than its length.
    if (this.#text.length > 2 * this.#limit) this.#text = this.#text.slice(-this.#limit);
  }

  /** In UTF-8; a letter may come in parts. */
  writeBytes(bytes: Uint8Array): void {
    this.#decoder ??= new TextDecoder();
    this.write(this.#decoder.decode(bytes, { stream: true }));
  }

  toString(): string {
    return this.#text.slice(-this.#limit);
  }
}
