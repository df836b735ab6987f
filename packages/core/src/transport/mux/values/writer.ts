import { NotEncodable } from "./not-encodable.ts";
import { TAG } from "./tags.ts";

const SIZE = new NotEncodable("size");

/**
 * Writes into a buffer that grows. Whoever owns it writes frames around values. The bytes from {@link base} on
 * survive growing; positions move with them, so that only {@link base}, {@link mark} and {@link at} may be kept.
 */
export class Writer {
  bytes: Buffer;
  view: DataView;
  /** The first byte that must survive. */
  base = 0;
  /** A position that its owner keeps, such as the start of the frame under construction. */
  mark = 0;
  /** Where the next byte goes. */
  at = 0;
  /** Counted from {@link mark}: one byte more ends the encoding with `size`. */
  limit = Number.POSITIVE_INFINITY;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }

  /** Goes on in another buffer, from its beginning. */
  use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.base = this.mark = this.at = 0;
  }

  /** Adds bytes as they are. */
  append(bytes: Uint8Array): void {
    this.mark = this.at;
    this.limit = Number.POSITIVE_INFINITY;
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Makes place for so many more bytes. */
  room(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(count);
  }

  #grow(count: number): void {
    if (this.at + count - this.mark > this.limit + 4096) throw SIZE;
    const used = this.at - this.base;
    const size = Math.max(used + count, Math.min(used * 2, used + 64 * 1024 * 1024), this.bytes.length);
    const bytes = Buffer.allocUnsafeSlow(Math.ceil(size / 4096) * 4096);
    bytes.set(this.bytes.subarray(this.base, this.at));
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.mark -= this.base;
    this.at = used;
    this.base = 0;
  }

  /** A short text of the protocol itself: one byte of length, Latin-1. */
  latin1(text: string): void {
    const length = Math.min(text.length, 255);
    this.room(256);
    this.bytes[this.at] = length;
    this.bytes.latin1Write(text, this.at + 1, length);
    this.at += 1 + length;
  }

  /** Begins a value that MessagePack has no form for. */
  tag(tag: number): void {
    this.room(2);
    this.bytes[this.at++] = TAG;
    this.bytes[this.at++] = tag;
  }

  /** The same, with how many parts it has. */
  tagCount(tag: number, count: number): void {
    this.tag(tag);
    this.room(4);
    this.view.setUint32(this.at, count);
    this.at += 4;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
