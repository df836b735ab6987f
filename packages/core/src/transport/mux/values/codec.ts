import { HadronError } from "../../../errors.ts";
import { Decoder, NotDecodable } from "./decoder.ts";
import { Encoder } from "./encoder.ts";
import { explainNotEncodable } from "./explain.ts";

/** What most values need. A larger one grows. */
const FIRST_BYTES = 4096;
/** Room that has grown beyond that is let go of. */
const MOST_KEPT_BYTES = 64 * 1024;

/**
 * Encodes anything that a call can carry, as calls do between replicas.
 *
 * INVALID_INPUT with the path to the part that cannot be encoded; TOO_LARGE beyond `limitBytes`.
 *
 * @param of whose value it is, for messages, e.g. `"ann" of carts`
 */
export function encodeValue(value: unknown, of: string, limitBytes: number = Number.POSITIVE_INFINITY): Uint8Array {
  return withEncoded(value, of, limitBytes, (bytes) => {
    const encoded = Buffer.allocUnsafeSlow(bytes.length);
    encoded.set(bytes);
    return encoded;
  });
}

/** The same for who takes what he wants of the bytes at once: they lie in room that the next value needs. Fails alike. */
export function withEncoded<T>(value: unknown, of: string, limitBytes: number, take: (bytes: Uint8Array) => T): T {
  // A value may encode another one where its getters do.
  const encoder = resting ?? new Encoder(Buffer.allocUnsafeSlow(FIRST_BYTES));
  resting = undefined;
  encoder.at = 0;
  try {
    encode(encoder, value, of);
    if (encoder.at > limitBytes) {
      throw new HadronError("TOO_LARGE", `The value of ${of} is ${encoder.at} bytes, and may be ${limitBytes}.`, {
        unsent: true,
      });
    }
    return take(encoder.bytes.subarray(0, encoder.at));
  } finally {
    if (encoder.bytes.length <= MOST_KEPT_BYTES) resting = encoder;
  }
}

function encode(encoder: Encoder, value: unknown, of: string): void {
  try {
    encoder.value(value, 0);
  } catch (error) {
    throw explainNotEncodable(error, value, "input", of, Number.POSITIVE_INFINITY);
  }
}

/** The one that nobody uses just now. */
let resting: Encoder | undefined;

export interface DecodeOptions {
  /** Where the value begins. @default 0 */
  readonly from?: number;
  /** Bytes within it (`Uint8Array`) are views of those given, for who changes neither. @default false */
  readonly views?: boolean;
}

/** Decodes what {@link encodeValue} made. INVALID_OUTPUT for anything else. */
export function decodeValue(bytes: Uint8Array, { from = 0, views = false }: DecodeOptions = {}): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = views ? viewing : copying;
  try {
    return decoder.decode(buffer, from, buffer.length);
  } catch (cause) {
    if (!(cause instanceof NotDecodable)) throw cause;
    throw new HadronError("INVALID_OUTPUT", `These bytes are no value: ${cause.message}`, { cause });
  } finally {
    decoder.release();
  }
}

/** One of each for all: they run no code of others, so nobody comes between. */
const copying = new Decoder();
const viewing = new Decoder({ views: true });
