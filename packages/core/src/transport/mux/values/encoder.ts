import * as tags from "./tags.ts";

/** Thrown while encoding, without a stack: it always becomes a HadronError, which has one. */
export class NotEncodable {
  readonly reason: "type" | "depth" | "size";

  constructor(reason: "type" | "depth" | "size") {
    this.reason = reason;
  }
}

const TYPE = new NotEncodable("type");
const DEPTH = new NotEncodable("depth");
const SIZE = new NotEncodable("size");

/** From here on, the engine's own writer of strings is faster than a loop. */
const SHORT_STRING = 40;
/** Below this, an array of numbers is written one by one. */
const FEW_NUMBERS = 4;

/**
 * Writes values into a buffer that grows. Whoever owns it writes frames around them. The bytes from {@link base} on
 * survive growing; positions move with them, so that only {@link base}, {@link mark} and {@link at} may be kept.
 */
export class Encoder {
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

  /** Encodes a value. Throws {@link NotEncodable}, or what a getter of the value throws. */
  value(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        this.string(value);
        return;
      case "number":
        this.#number(value);
        return;
      case "boolean":
        this.room(1);
        this.bytes[this.at++] = value ? 0xc3 : 0xc2;
        return;
      case "undefined":
        this.#tag(tags.UNDEFINED);
        return;
      case "object":
        if (value === null) {
          this.room(1);
          this.bytes[this.at++] = 0xc0;
          return;
        }
        if (depth >= tags.MAX_DEPTH) throw DEPTH;
        this.#object(value, depth + 1);
        return;
      case "bigint":
        this.#bigint(value);
        return;
      default:
        throw TYPE;
    }
  }

  string(text: string): void {
    const length = text.length;
    const most = length * 3;
    this.room(most + 5);
    const bytes = this.bytes;
    let at = this.at;
    if (length < SHORT_STRING) {
      // Nearly always ASCII, whose length in bytes is known beforehand.
      const start = at;
      if (length < 32) bytes[at++] = 0xa0 | length;
      else {
        bytes[at++] = 0xd9;
        bytes[at++] = length;
      }
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        bytes[at++] = code;
      }
      if (i === length) {
        this.at = at;
        return;
      }
      at = start;
    }
    const header = most < 256 ? 2 : most < 65536 ? 3 : 5;
    const written = bytes.utf8Write(text, at + header, most);
    if (header === 2) {
      bytes[at] = 0xd9;
      bytes[at + 1] = written;
    } else if (header === 3) {
      bytes[at] = 0xda;
      this.view.setUint16(at + 1, written);
    } else {
      bytes[at] = 0xdb;
      this.view.setUint32(at + 1, written);
    }
    this.at = at + header + written;
  }

  /** A short text of the protocol itself: one byte of length, Latin-1. */
  latin1(text: string): void {
    const length = Math.min(text.length, 255);
    this.room(256);
    this.bytes[this.at] = length;
    this.bytes.latin1Write(text, this.at + 1, length);
    this.at += 1 + length;
  }

  #number(value: number): void {
    this.room(9);
    const bytes = this.bytes;
    const whole = value | 0;
    // -0 equals 0 and is not the same.
    if (whole === value && (whole !== 0 || Object.is(value, 0))) {
      if (whole >= 0) {
        if (whole < 128) bytes[this.at++] = whole;
        else if (whole < 256) {
          bytes[this.at++] = 0xcc;
          bytes[this.at++] = whole;
        } else if (whole < 65536) {
          bytes[this.at++] = 0xcd;
          bytes[this.at++] = whole >> 8;
          bytes[this.at++] = whole & 255;
        } else {
          bytes[this.at] = 0xce;
          this.view.setUint32(this.at + 1, whole);
          this.at += 5;
        }
      } else if (whole >= -32) bytes[this.at++] = whole & 255;
      else {
        bytes[this.at] = 0xd2;
        this.view.setInt32(this.at + 1, whole);
        this.at += 5;
      }
      return;
    }
    bytes[this.at] = 0xcb;
    this.view.setFloat64(this.at + 1, value);
    this.at += 9;
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.room(9);
      this.bytes[this.at] = 0xd3;
      this.view.setBigInt64(this.at + 1, value);
      this.at += 9;
      return;
    }
    this.#tag(tags.BIGINT);
    this.string(value.toString(16));
  }

  #object(value: object, depth: number): void {
    if (Array.isArray(value)) {
      this.#array(value, depth);
      return;
    }
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      // As JSON has it: an object may say by itself what is sent of it.
      if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
        this.#toJson(value, depth);
        return;
      }
      this.#record(value as Record<string, unknown>, depth);
      return;
    }
    this.#instance(value, depth);
  }

  #record(value: Record<string, unknown>, depth: number): void {
    const keys = Object.keys(value);
    this.#count(0x80, 0xde, keys.length);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      this.string(key);
      const one = value[key];
      if (typeof one === "number") this.#number(one);
      else if (typeof one === "string") this.string(one);
      else this.value(one, depth);
    }
  }

  #array(value: readonly unknown[], depth: number): void {
    const length = value.length;
    if (length >= FEW_NUMBERS && typeof value[0] === "number" && this.#numbers(value)) return;
    this.#count(0x90, 0xdc, length);
    for (let i = 0; i < length; i++) {
      const one = value[i];
      // Most arrays are of numbers or text: spares the way through value().
      if (typeof one === "number") this.#number(one);
      else if (typeof one === "string") this.string(one);
      else this.value(one, depth);
    }
  }

  /**
   * Writes an array that has numbers only: several times faster on both sides than each with a byte before it. False: it
   * has something else.
   */
  #numbers(value: readonly unknown[]): boolean {
    const length = value.length;
    let least = 0;
    let most = 0;
    let whole = true;
    for (let i = 0; i < length; i++) {
      const one = value[i];
      if (typeof one !== "number") return false;
      // -0 equals 0 and is not the same.
      if ((one | 0) !== one || (one === 0 && Object.is(one, -0))) whole = false;
      else if (one > most) most = one;
      else if (one < least) least = one;
    }
    if (!whole) this.#floats(value as readonly number[]);
    else this.#integers(value as readonly number[], least >= 0 && most < 256 ? 1 : fits16(least, most) ? 2 : 4);
    return true;
  }

  #floats(value: readonly number[]): void {
    this.#tagCount(tags.FLOATS, value.length);
    this.room(value.length * 8);
    const { view } = this;
    let { at } = this;
    for (let i = 0; i < value.length; i++, at += 8) view.setFloat64(at, value[i]!, true);
    this.at = at;
  }

  #integers(value: readonly number[], width: 1 | 2 | 4): void {
    const { length } = value;
    this.#tag(tags.INTEGERS);
    this.room(5 + length * width);
    const { bytes, view } = this;
    bytes[this.at] = width;
    view.setUint32(this.at + 1, length);
    let at = this.at + 5;
    if (width === 1) for (let i = 0; i < length; i++) bytes[at++] = value[i]!;
    else if (width === 2) for (let i = 0; i < length; i++, at += 2) view.setInt16(at, value[i]!, true);
    else for (let i = 0; i < length; i++, at += 4) view.setInt32(at, value[i]!, true);
    this.at = at;
  }

  #instance(value: object, depth: number): void {
    if (value instanceof Date) {
      this.#tag(tags.DATE);
      this.room(8);
      this.view.setFloat64(this.at, value.getTime());
      this.at += 8;
    } else if (ArrayBuffer.isView(value)) {
      const kind =
        value instanceof DataView ? tags.DATA_VIEW : tags.TYPED_ARRAYS.findIndex((one) => value instanceof one);
      if (kind < 0) throw TYPE;
      this.#bytes(kind, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      this.#bytes(tags.ARRAY_BUFFER, new Uint8Array(value));
    } else if (value instanceof Map) {
      this.#tagCount(tags.MAP, value.size);
      for (const [key, one] of value) {
        this.value(key, depth);
        this.value(one, depth);
      }
    } else if (value instanceof Set) {
      this.#tagCount(tags.SET, value.size);
      for (const one of value) this.value(one, depth);
    } else if (value instanceof RegExp) {
      this.#tag(tags.REGEXP);
      this.string(value.source);
      this.string(value.flags);
    } else if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
      this.#toJson(value, depth);
    } else if (value instanceof Error) {
      this.#tag(tags.ERROR);
      this.string(value.name);
      this.string(value.message);
      this.value(value.cause, depth);
    } else if (isOpaque(value)) {
      throw TYPE;
    } else {
      // An instance of a class: its own fields, as structuredClone has it.
      this.#record(value as Record<string, unknown>, depth);
    }
  }

  #toJson(value: object, depth: number): void {
    this.value((value as { toJSON(): unknown }).toJSON(), depth);
  }

  #bytes(kind: number, content: Uint8Array): void {
    this.#tag(tags.BYTES);
    this.room(5 + content.length);
    this.bytes[this.at] = kind;
    this.view.setUint32(this.at + 1, content.length);
    this.bytes.set(content, this.at + 5);
    this.at += 5 + content.length;
  }

  #tag(tag: number): void {
    this.room(2);
    this.bytes[this.at++] = tags.TAG;
    this.bytes[this.at++] = tag;
  }

  #tagCount(tag: number, count: number): void {
    this.#tag(tag);
    this.room(4);
    this.view.setUint32(this.at, count);
    this.at += 4;
  }

  #count(short: number, long: number, count: number): void {
    this.room(5);
    if (count < 16) {
      this.bytes[this.at++] = short | count;
    } else if (count < 65536) {
      this.bytes[this.at] = long;
      this.view.setUint16(this.at + 1, count);
      this.at += 3;
    } else {
      this.bytes[this.at] = long + 1;
      this.view.setUint32(this.at + 1, count);
      this.at += 5;
    }
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function fits16(least: number, most: number): boolean {
  return least >= -0x8000 && most <= 0x7fff;
}

/** What has no content that could be sent. A promise is a forgotten `await` most of the time; a stream goes alone. */
export function isOpaque(value: object): boolean {
  return (
    value instanceof Promise ||
    value instanceof WeakMap ||
    value instanceof WeakSet ||
    value instanceof WeakRef ||
    typeof (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === "function" ||
    typeof (value as { then?: unknown }).then === "function"
  );
}
