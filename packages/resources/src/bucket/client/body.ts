import { HadronError } from "@hadron/core/spi";

/** What an object can be made of: a text, bytes, a Blob, or a stream of bytes or texts, Node's or the web's. */
export type ObjectBody = string | Uint8Array | ArrayBuffer | Blob | AsyncIterable<Uint8Array | string>;

/** One item of a stream. */
const CHUNK_BYTES = 256 * 1024;

/** As pieces that a connection takes well. INVALID_INPUT for what is none of these. */
export async function* toChunks(body: ObjectBody): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof body === "string") yield* cut(Buffer.from(body));
  else if (body instanceof ArrayBuffer) yield* cut(new Uint8Array(body));
  else if (body instanceof Uint8Array) yield* cut(body);
  else if (body instanceof Blob) for await (const chunk of body.stream()) yield* cut(chunk);
  else if (typeof body === "object" && body !== null && Symbol.asyncIterator in body) {
    for await (const chunk of body) {
      if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) throw bad(`A stream gives ${typeof chunk}`);
      yield* cut(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    }
  } else throw bad(`The body is ${body === null ? "null" : typeof body}`);
}

function* cut(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

function bad(what: string): HadronError {
  return new HadronError("INVALID_INPUT", `${what}, and should be bytes, a text, a Blob, or a stream of bytes.`, {
    unsent: true,
  });
}
