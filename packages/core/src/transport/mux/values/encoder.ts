import { isOpaque } from "../../../values/sendable.ts";
import { NotEncodable } from "./not-encodable.ts";
import { FEW_NUMBERS, writeNumbers } from "./numbers.ts";
import * as tags from "./tags.ts";
import { Writer } from "./writer.ts";

const TYPE = new NotEncodable("type");
const DEPTH = new NotEncodable("depth");

/** From here on, the engine's own writer of strings is faster than a loop. */
const SHORT_STRING = 40;

/** Writes values. */
export class Encoder extends Writer {
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
        this.tag(tags.UNDEFINED);
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
    this.tag(tags.BIGINT);
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
      const field = value[key];
      if (typeof field === "number") this.#number(field);
      else if (typeof field === "string") this.string(field);
      else this.value(field, depth);
    }
  }

  #array(value: readonly unknown[], depth: number): void {
    const length = value.length;
    if (length >= FEW_NUMBERS && typeof value[0] === "number" && writeNumbers(this, value)) return;
    this.#count(0x90, 0xdc, length);
    for (let i = 0; i < length; i++) {
      const item = value[i];
      // Most arrays are of numbers or text: spares the way through value().
      if (typeof item === "number") this.#number(item);
      else if (typeof item === "string") this.string(item);
      else this.value(item, depth);
    }
  }

  #instance(value: object, depth: number): void {
    // By far the most: what a log or a store keeps. A proxy of one is no view.
    if (value instanceof Uint8Array && ArrayBuffer.isView(value)) {
      this.#bytes(0, value);
    } else if (value instanceof Date) {
      this.tag(tags.DATE);
      this.room(8);
      this.view.setFloat64(this.at, value.getTime());
      this.at += 8;
    } else if (ArrayBuffer.isView(value)) {
      const kind =
        value instanceof DataView ? tags.DATA_VIEW : tags.TYPED_ARRAYS.findIndex((kind) => value instanceof kind);
      if (kind < 0) throw TYPE;
      this.#bytes(kind, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      this.#bytes(tags.ARRAY_BUFFER, new Uint8Array(value));
    } else if (value instanceof Map) {
      this.tagCount(tags.MAP, value.size);
      for (const [key, item] of value) {
        this.value(key, depth);
        this.value(item, depth);
      }
    } else if (value instanceof Set) {
      this.tagCount(tags.SET, value.size);
      for (const item of value) this.value(item, depth);
    } else if (value instanceof RegExp) {
      this.tag(tags.REGEXP);
      this.string(value.source);
      this.string(value.flags);
    } else if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
      this.#toJson(value, depth);
    } else if (value instanceof Error) {
      this.tag(tags.ERROR);
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
    this.tag(tags.BYTES);
    this.room(5 + content.length);
    this.bytes[this.at] = kind;
    this.view.setUint32(this.at + 1, content.length);
    this.bytes.set(content, this.at + 5);
    this.at += 5 + content.length;
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
