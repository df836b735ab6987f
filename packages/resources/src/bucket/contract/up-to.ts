import { HadronError } from "@hadron/core/spi";

/** The same bytes. TOO_LARGE in place of the first piece that is beyond what a bucket takes. */
export async function* upTo(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new HadronError(
        "TOO_LARGE",
        `The object has more than ${maxBytes} bytes, the most that its bucket takes (maxBytes).`,
      );
    }
    yield chunk;
  }
}
