import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Decoder, NotDecodable } from "../../../../src/transport/mux/values/decoder.ts";
import { Encoder } from "../../../../src/transport/mux/values/encoder.ts";
import { explainNotEncodable } from "../../../../src/transport/mux/values/explain.ts";
import { NotEncodable } from "../../../../src/transport/mux/values/not-encodable.ts";

const decoder = new Decoder();

function encode(value: unknown, limit = Number.POSITIVE_INFINITY, size = 64): Buffer {
  const encoder = new Encoder(Buffer.alloc(size));
  encoder.limit = limit;
  encoder.value(value, 0);
  return encoder.bytes.subarray(encoder.base, encoder.at);
}

/** Decodes out of the middle of other bytes, which are overwritten afterwards. */
function decode(bytes: Buffer): unknown {
  const around = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(5, 0xff)]);
  const value = decoder.decode(around, 3, 3 + bytes.length);
  around.fill(0x55);
  return value;
}

function explain(value: unknown): string {
  try {
    encode(value);
  } catch (error) {
    return explainNotEncodable(error, value, "input", '"add" of calc', 100).message;
  }
  throw new Error("It was encoded.");
}

describe("values", () => {
  test("any value arrives as it was", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: false,
      withNullPrototype: false,
      withUnicodeString: true,
    });
    fc.assert(
      // A key like "toJSON" that is no function is data as any other.
      fc.property(anything, (value) => {
        expect(decode(encode(value))).toStrictEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  test("texts of any length and script arrive as they were", () => {
    for (const unit of ["a", "é", "€", "𝄞"]) {
      for (const length of [
        0, 1, 10, 11, 12, 31, 32, 39, 40, 41, 84, 85, 86, 255, 256, 257, 21_845, 65_535, 65_536, 70_000,
      ]) {
        const text = unit.repeat(length);
        expect(decode(encode({ [text.slice(0, 300)]: text })) as object).toEqual({ [text.slice(0, 300)]: text });
      }
    }
    // A half of a pair is no character, and becomes the replacement character, as everywhere in UTF-8.
    expect(decode(encode("a\ud800"))).toBe("a\ufffd");
  });

  test("whole numbers keep their value at each boundary", () => {
    for (const power of [0, 4, 5, 6, 7, 8, 15, 16, 31, 32, 40, 53]) {
      for (const off of [-1, 0, 1]) {
        for (const sign of [1, -1]) expect(decode(encode(sign * (2 ** power + off)))).toBe(sign * (2 ** power + off));
      }
    }
  });

  test("arrays of whole numbers keep their values at the edges of each width, and take no more bytes than they need", () => {
    for (const [width, values] of [
      [1, [0, 1, 127, 128, 255]],
      [2, [0, 1, 2, 256]],
      [2, [0, 1, 255, 256, 32_767]],
      [2, [-1, 0, 1, -32_768, 255]],
      [4, [0, 1, 2, 32_768]],
      [4, [0, 1, 2, -32_769]],
      [4, [-1, 0, 1, 65_535]],
      [4, [0, 1, 32_768, 2 ** 31 - 1]],
      [4, [0, -32_769, -(2 ** 31), 5]],
      [8, [0, 1, 2, 2 ** 31]],
      [8, [0, 1, 2, -(2 ** 31) - 1]],
      [8, [1, 2, 3, -0]],
      [8, [1, 2, 3, 4.5]],
    ] as const) {
      const bytes = encode(values);
      expect(bytes.length - values.length * width).toBeLessThan(8);
      expect(decode(bytes)).toStrictEqual(values);
    }
    expect(Object.is((decode(encode([1, 2, 3, -0])) as number[])[3], -0)).toBe(true);
    for (const mixed of [
      [1, 2, 3, "4"],
      [1, 2, 3, null, 5],
      [1, 2, 3, undefined],
      [1, 2, 3, [4]],
    ])
      expect(decode(encode(mixed))).toStrictEqual(mixed);
  });

  test("arrays of numbers come back as plain arrays, with fractions, -0 and NaN as they were", () => {
    const values = [0.5, -0, 3, Number.NaN, Number.POSITIVE_INFINITY, 1e-310];
    const got = decode(encode(values));
    expect(Array.isArray(got)).toBe(true);
    expect(got).toStrictEqual(values);
    expect(Object.is((got as number[])[1], -0)).toBe(true);
    expect(encode(values).length).toBe(6 + 8 * values.length);
  });

  test("what is sent of an object is what it says in toJSON, or its own fields", () => {
    class Point {
      x = 1;
      readonly #hidden = 2;
      get sum() {
        return this.x + this.#hidden;
      }
    }
    class Money {
      toJSON() {
        return "1 EUR";
      }
    }
    expect(decode(encode([new Point(), new Money(), Object.create(null)]))).toEqual([{ x: 1 }, "1 EUR", {}]);
    expect(decode(encode(Buffer.from("hi")))).toStrictEqual(new Uint8Array([104, 105]));
    const error = decode(encode(new TypeError("no", { cause: 7 }))) as Error;
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "TypeError", message: "no", cause: 7 });
    expect(error.stack).not.toContain("values.test");
  });

  test("the key __proto__ is data and reaches no prototype", () => {
    const got = decode(encode(JSON.parse('{"__proto__":{"admin":true},"a":1}'))) as Record<string, unknown>;
    expect(Object.keys(got)).toEqual(["__proto__", "a"]);
    expect(got.admin).toBeUndefined();
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  test("what cannot be sent is named, and where it is", () => {
    const cyclic: { self?: unknown; list: unknown[] } = { list: [] };
    cyclic.list.push({ up: cyclic });
    expect(explain({ a: [1, { "b-c": () => 1 }] })).toContain('input.a[1]["b-c"] is a function');
    expect(explain([Symbol("s")])).toContain("input[0] is a symbol");
    expect(explain(cyclic)).toContain("input.list[0].up contains itself");
    expect(explain(new Map([[1, Promise.resolve()]]))).toMatch(/a member of input is a Promise; await it/);
    expect(explain({ w: new WeakMap() })).toContain("input.w is a WeakMap");
    let deep: unknown = 1;
    for (let i = 0; i < 1000; i++) deep = { deep };
    expect(explain(deep)).toMatch(/nested deeper than 200/);
    const hostile = {
      get boom() {
        throw new Error("getter says no");
      },
    };
    expect(explain(hostile)).toContain("getter says no");
  });

  test("encoding stops at the limit, long before memory ends", () => {
    const shared = { text: "x".repeat(1000) };
    let bomb: unknown = shared;
    for (let i = 0; i < 40; i++) bomb = [bomb, bomb];
    expect(() => encode(bomb, 100_000)).toThrow(NotEncodable);
    expect(() => encode(new Uint8Array(1_000_000), 100_000)).toThrow(NotEncodable);
  });

  test("garbage is a value or NotDecodable, and allocates no more than it has bytes for", () => {
    const check = (bytes: Buffer) => {
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(NotDecodable);
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => check(Buffer.from(bytes))),
      { numRuns: 5000 },
    );
    const valid = encode({
      a: [1.5, "text", new Map([[1, new Date(0)]]), new Uint8Array(5), 2n ** 70n],
      b: new Set(["x"]),
    });
    for (let cut = 0; cut < valid.length; cut++) expect(() => decode(valid.subarray(0, cut))).toThrow(NotDecodable);
    for (let at = 0; at < valid.length; at++) {
      for (const byte of [0, 0x7f, 0x80, 0xc1, 0xdd, 0xff]) {
        const broken = Buffer.from(valid);
        broken[at] = byte;
        check(broken);
      }
    }
    for (const huge of ["ddffffffff", "dfffffffff", "dbffffffff", "c105ffffffff", "c10600ffffffff", "c102ffffffff"]) {
      expect(() => decode(Buffer.from(huge, "hex"))).toThrow(NotDecodable);
    }
    expect(() => decode(Buffer.alloc(100_000, 0x91))).toThrow(/nested deeper/);
    // Packed numbers, too, say how many they are before they come: floats, and integers of each width.
    for (const [packed, bytes] of [
      ["c10500000004", 32],
      ["c1090100000004", 4],
      ["c1090200000004", 8],
      ["c1090400000004", 16],
    ] as const) {
      const short = Buffer.concat([Buffer.from(packed, "hex"), Buffer.alloc(bytes - 1)]);
      expect(() => decode(short)).toThrow(`${bytes} bytes are announced, ${bytes - 1} are left`);
    }
  });
});
