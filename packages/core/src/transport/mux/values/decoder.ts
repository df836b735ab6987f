import { readKey } from "./keys.ts";
import { readFloats, readIntegers } from "./numbers.ts";
import * as tags from "./tags.ts";

/** Bytes that are no value: thrown by {@link Decoder.decode}. */
export class NotDecodable extends Error {
  override readonly name = "NotDecodable";
}

/** Reads values. Copies whatever outlives the buffer that it reads from, but for bytes, where it is told to give views. */
export class Decoder {
  readonly #views: boolean;
  #bytes: Buffer = EMPTY;
  #view: DataView = EMPTY_VIEW;
  #at = 0;
  #end = 0;

  constructor({ views = false }: { readonly views?: boolean } = {}) {
    this.#views = views;
  }

  /** Decodes the one value that fills these bytes exactly. Throws {@link NotDecodable}. */
  decode(bytes: Buffer, start: number, end: number): unknown {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.#at = start;
    this.#end = end;
    let value: unknown;
    try {
      value = this.#value(0);
    } catch (error) {
      if (error instanceof RangeError) throw new NotDecodable("The value ends before its end.", { cause: error });
      throw error;
    }
    if (this.#at !== end) throw new NotDecodable(`The value ends ${Math.abs(end - this.#at)} bytes off its end.`);
    return value;
  }

  /** Lets go of the buffer that was read last. */
  release(): void {
    this.#bytes = EMPTY;
    this.#view = EMPTY_VIEW;
  }

  #value(depth: number): unknown {
    const byte = this.#bytes[this.#at++]!;
    if (byte < 0x80) return byte;
    if (byte < 0x90) return this.#record(byte & 15, depth);
    if (byte < 0xa0) return this.#array(byte & 15, depth);
    if (byte < 0xc0) return this.#string(byte & 31);
    if (byte >= 0xe0) return byte - 256;
    switch (byte) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case tags.TAG:
        return this.#tagged(depth);
      case 0xcb:
        this.#at += 8;
        return this.#view.getFloat64(this.#at - 8);
      case 0xcc:
        return this.#view.getUint8(this.#at++);
      case 0xcd:
        return this.#uint16();
      case 0xce:
        return this.#uint32();
      case 0xd2:
        this.#at += 4;
        return this.#view.getInt32(this.#at - 4);
      case 0xd3:
        this.#at += 8;
        return this.#view.getBigInt64(this.#at - 8);
      case 0xd9:
        return this.#string(this.#view.getUint8(this.#at++));
      case 0xda:
        return this.#string(this.#uint16());
      case 0xdb:
        return this.#string(this.#uint32());
      case 0xdc:
        return this.#array(this.#uint16(), depth);
      case 0xdd:
        return this.#array(this.#uint32(), depth);
      case 0xde:
        return this.#record(this.#uint16(), depth);
      case 0xdf:
        return this.#record(this.#uint32(), depth);
      default:
        throw new NotDecodable(`Byte 0x${byte?.toString(16)} begins no value.`);
    }
  }

  #uint16(): number {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2);
  }

  #uint32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  /** Checks that so many bytes are left, before anything of that size is made. */
  #need(count: number): void {
    if (count > this.#end - this.#at)
      throw new NotDecodable(`${count} bytes are announced, ${this.#end - this.#at} are left.`);
  }

  #enter(depth: number): number {
    if (depth >= tags.MAX_DEPTH) throw new NotDecodable(`The value is nested deeper than ${tags.MAX_DEPTH}.`);
    return depth + 1;
  }

  #array(count: number, depth: number): unknown[] {
    this.#need(count);
    const below = this.#enter(depth);
    const array: unknown[] = [];
    const bytes = this.#bytes;
    for (let i = 0; i < count; i++) {
      const byte = bytes[this.#at]!;
      if (byte < 0x80) {
        this.#at++;
        array.push(byte);
      } else array.push(this.#value(below));
    }
    return array;
  }

  #record(count: number, depth: number): Record<string, unknown> {
    this.#need(count * 2);
    const below = this.#enter(depth);
    const record: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      const key = this.#key();
      const value = this.#value(below);
      if (key === "__proto__")
        Object.defineProperty(record, key, { value, enumerable: true, writable: true, configurable: true });
      else record[key] = value;
    }
    return record;
  }

  #string(length: number): string {
    this.#need(length);
    const bytes = this.#bytes;
    const start = this.#at;
    const end = start + length;
    this.#at = end;
    if (length < 12) {
      let text = "";
      for (let i = start; i < end; i++) {
        const code = bytes[i]!;
        if (code > 127) return bytes.utf8Slice(start, end);
        text += String.fromCharCode(code);
      }
      return text;
    }
    return bytes.utf8Slice(start, end);
  }

  #key(): string {
    const byte = this.#bytes[this.#at]!;
    if ((byte & 0xe0) !== 0xa0) return this.#longKey();
    const start = this.#at + 1;
    const end = start + (byte & 31);
    if (end > this.#end) this.#need(this.#end);
    this.#at = end;
    return readKey(this.#bytes, start, end);
  }

  #longKey(): string {
    const key = this.#value(tags.MAX_DEPTH);
    if (typeof key !== "string") throw new NotDecodable(`A key is ${typeof key}, and should be a string.`);
    return key;
  }

  #tagged(depth: number): unknown {
    const tag = this.#view.getUint8(this.#at++);
    switch (tag) {
      case tags.UNDEFINED:
        return undefined;
      case tags.FLOATS:
        return this.#floats();
      case tags.INTEGERS:
        return this.#integers();
      case tags.DATE:
        this.#at += 8;
        return new Date(this.#view.getFloat64(this.#at - 8));
      case tags.BYTES:
        return this.#content();
      case tags.MAP: {
        const count = this.#uint32();
        this.#need(count * 2);
        const below = this.#enter(depth);
        const map = new Map<unknown, unknown>();
        for (let i = 0; i < count; i++) map.set(this.#value(below), this.#value(below));
        return map;
      }
      case tags.SET: {
        const count = this.#uint32();
        this.#need(count);
        const below = this.#enter(depth);
        const set = new Set<unknown>();
        for (let i = 0; i < count; i++) set.add(this.#value(below));
        return set;
      }
      case tags.BIGINT:
        return toBigInt(this.#text());
      case tags.REGEXP:
        return toRegExp(this.#text(), this.#text());
      case tags.ERROR: {
        const name = this.#text();
        const message = this.#text();
        const cause = this.#value(this.#enter(depth));
        return toError(name, message, cause);
      }
      default:
        throw new NotDecodable(`Tag ${tag} begins no value.`);
    }
  }

  #text(): string {
    const text = this.#value(tags.MAX_DEPTH);
    if (typeof text !== "string") throw new NotDecodable(`A ${typeof text} stands where a string should be.`);
    return text;
  }

  #floats(): number[] {
    const count = this.#uint32();
    this.#need(count * 8);
    const start = this.#at;
    this.#at = start + count * 8;
    return readFloats(this.#view, start, count);
  }

  #integers(): number[] {
    const width = this.#view.getUint8(this.#at++);
    const count = this.#uint32();
    this.#need(count * width);
    const start = this.#at;
    this.#at = start + count * width;
    const values = readIntegers(this.#bytes, this.#view, start, width, count);
    if (values === undefined) throw new NotDecodable(`No whole numbers have ${width} bytes.`);
    return values;
  }

  #content(): unknown {
    const kind = this.#view.getUint8(this.#at++);
    const length = this.#uint32();
    this.#need(length);
    const start = this.#at;
    this.#at += length;
    if (kind === 0 && this.#views) return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
    const buffer = new ArrayBuffer(length);
    const bytes = new Uint8Array(buffer);
    bytes.set(this.#bytes.subarray(start, start + length));
    if (kind === 0) return bytes;
    if (kind === tags.ARRAY_BUFFER) return buffer;
    if (kind === tags.DATA_VIEW) return new DataView(buffer);
    const type = tags.TYPED_ARRAYS[kind];
    if (type === undefined || length % type.BYTES_PER_ELEMENT !== 0)
      throw new NotDecodable(`No array of kind ${kind} has ${length} bytes.`);
    return new type(buffer);
  }
}

const EMPTY = Buffer.alloc(0);
const EMPTY_VIEW = new DataView(new ArrayBuffer(0));

function toBigInt(text: string): bigint {
  if (!/^-?[0-9a-f]+$/.test(text)) throw new NotDecodable("A bigint is no number in base 16.");
  return text.startsWith("-") ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}

function toRegExp(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw new NotDecodable("A regular expression is none.", { cause: error });
  }
}

function toError(name: string, message: string, cause: unknown): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  // The stack of the decoder says nothing about where it was thrown.
  error.stack = `${name}: ${message}`;
  return error;
}
