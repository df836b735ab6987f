import { HEADER_BYTES, MAX_FRAME_BYTES } from "./frames.ts";

/** Takes frames. The body is valid until it returns. False: no further frame, please. */
export type FrameTaker = (kind: number, id: number, bytes: Buffer, start: number, end: number) => void;

/** A peer that does not keep to the protocol. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Cuts a stream of bytes into frames. Whole frames are read where they lie; only one split in two is put together. */
export class FrameParser {
  readonly #take: FrameTaker;
  #partial: Buffer = EMPTY;
  #length = 0;
  #stopped = false;

  constructor(take: FrameTaker) {
    this.#take = take;
  }

  /** No further frame is handed on, not even from the bytes at hand. */
  stop(): void {
    this.#stopped = true;
    this.#partial = EMPTY;
    this.#length = 0;
  }

  /** Throws a {@link ProtocolError} for a frame of impossible length, and whatever the taker throws. */
  push(bytes: Buffer): void {
    let at = this.#length === 0 ? 0 : this.#complete(bytes);
    const size = bytes.length;
    while (!this.#stopped && size - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + bodyLength(bytes, at);
      if (end > size) break;
      this.#take(bytes[at]!, frameId(bytes, at), bytes, at + HEADER_BYTES, end);
      at = end;
    }
    if (!this.#stopped && at < size) this.#keep(bytes, at, size);
  }

  /** Puts the frame together that began in an earlier chunk; returns where the next one begins. */
  #complete(bytes: Buffer): number {
    let at = 0;
    if (this.#length < HEADER_BYTES) {
      at = Math.min(HEADER_BYTES - this.#length, bytes.length);
      this.#keep(bytes, 0, at);
      if (this.#length < HEADER_BYTES) return at;
    }
    const total = HEADER_BYTES + bodyLength(this.#partial, 0);
    const missing = Math.min(total - this.#length, bytes.length - at);
    this.#keep(bytes, at, at + missing);
    if (this.#length === total) {
      const partial = this.#partial;
      this.#length = 0;
      this.#take(partial[0]!, frameId(partial, 0), partial, HEADER_BYTES, total);
      // Not kept for ever: ten thousand idle connections would each hold one.
      if (partial.length > 4096) this.#partial = EMPTY;
    }
    return at + missing;
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (this.#partial.length < length) {
      const known = length >= HEADER_BYTES;
      const header = this.#length >= HEADER_BYTES ? this.#partial : bytes;
      const offset = this.#length >= HEADER_BYTES ? 0 : start;
      const total =
        known && (this.#length === 0 || this.#length >= HEADER_BYTES) ? HEADER_BYTES + bodyLength(header, offset) : 64;
      const grown = Buffer.allocUnsafeSlow(Math.max(total, length, 64));
      grown.set(this.#partial.subarray(0, this.#length));
      this.#partial = grown;
    }
    this.#partial.set(bytes.subarray(start, end), this.#length);
    this.#length = length;
  }
}

const EMPTY = Buffer.alloc(0);

function bodyLength(bytes: Buffer, at: number): number {
  const length = bytes[at + 1]! | (bytes[at + 2]! << 8) | (bytes[at + 3]! << 16);
  if (length > MAX_FRAME_BYTES) {
    throw new ProtocolError(`A frame of ${length} bytes came; at most ${MAX_FRAME_BYTES} are allowed.`);
  }
  return length;
}

function frameId(bytes: Buffer, at: number): number {
  return (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)) >>> 0;
}
