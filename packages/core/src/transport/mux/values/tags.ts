/**
 * How values cross the wire between replicas: MessagePack (github.com/msgpack/msgpack/blob/master/spec.md), and for what
 * it has no form for, its never-used byte 0xc1, a tag, and content. Between equals: a replica decodes only what this
 * package encoded, so there is no second form for anything.
 *
 * Why not a MessagePack library: those that are fast tell Maps from objects only by record definitions, whose state is
 * out of step on both sides after one value that cannot be encoded; none stops at a byte limit, or says which part of a
 * value was the function.
 */
export const TAG = 0xc1;

/** No content. */
export const UNDEFINED = 0;
/** Milliseconds since 1970, f64; NaN for an invalid date. */
export const DATE = 1;
/** A count u32, keys and values in turn. */
export const MAP = 2;
/** A count u32, members. */
export const SET = 3;
/** A string in base 16 with its sign. Only for what does not fit into 64 bits. */
export const BIGINT = 4;
/** An array of numbers that are not all of INTEGERS: a count u32, each f64, little-endian. */
export const FLOATS = 5;
/** Which one (see {@link TYPED_ARRAYS}) u8, bytes u32, content as in memory. */
export const BYTES = 6;
/** Name, message, cause. No stack. */
export const ERROR = 7;
/** Source, flags. */
export const REGEXP = 8;
/** An array of whole numbers: bytes of each (1: u8, 2: i16, 4: i32) u8, a count u32, each little-endian. */
export const INTEGERS = 9;

/** By number; 11 is an ArrayBuffer, 12 a DataView. A Buffer arrives as Uint8Array. */
export const TYPED_ARRAYS = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;
export const ARRAY_BUFFER = 11;
export const DATA_VIEW = 12;

export { MAX_DEPTH } from "../../../values/find-unsendable.ts";
