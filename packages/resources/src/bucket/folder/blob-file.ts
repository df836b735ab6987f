import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { HadronError } from "@hadron/core/spi";
import { upTo } from "../contract/up-to.ts";

/** Bytes that have a sum of their own: so much is read before the first of it is given away. */
const BLOCK_BYTES = 256 * 1024;

/** What was written. */
export interface Written {
  readonly bytes: number;
  readonly etag: string;
  /** Four bytes for each block. */
  readonly sums: Uint8Array;
}

/** Writes a stream to a new file; on disk when it resolves. TOO_LARGE beyond the limit. */
export async function writeBlob(path: string, chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Written> {
  const file = await open(path, "wx", 0o600);
  try {
    const hash = createHash("sha256");
    const sums = new Sums();
    let bytes = 0;
    // While one piece is written, the next comes and is summed.
    let writing: Promise<void> | undefined;
    for await (const chunk of upTo(chunks, maxBytes)) {
      bytes += chunk.length;
      hash.update(chunk);
      sums.add(chunk);
      await writing;
      writing = writeWhole(file, chunk);
      // Told where it is waited for.
      writing.catch(() => {});
    }
    await writing;
    await file.sync();
    return { bytes, etag: hash.digest("base64url"), sums: sums.finish() };
  } finally {
    await file.close();
  }
}

/** Reads bytes of a file, from `start` up to `end`. INTERNAL before the first byte of a block that is not as it was written. */
export async function* readBlob(
  file: FileHandle,
  of: string,
  sums: Uint8Array,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const view = new DataView(sums.buffer, sums.byteOffset, sums.byteLength);
  try {
    const read = (position: number) => {
      const bytes = readWhole(file, position);
      // Told where it is waited for, if it is.
      bytes.catch(() => {});
      return bytes;
    };
    const first = Math.floor(start / BLOCK_BYTES);
    let reading = read(first * BLOCK_BYTES);
    for (let block = first; block * BLOCK_BYTES < end; block++) {
      const from = block * BLOCK_BYTES;
      const bytes = await reading;
      // While one block is on its way, the next is read.
      if (from + BLOCK_BYTES < end) reading = read(from + BLOCK_BYTES);
      if (view.byteLength < block * 4 + 4 || crc32(bytes) !== view.getUint32(block * 4)) {
        throw new HadronError(
          "INTERNAL",
          `${of} is not as it was stored: the disk changed its bytes from ${from} on. Put it anew, or restore a backup.`,
        );
      }
      yield bytes.subarray(Math.max(0, start - from), Math.min(bytes.length, end - from));
    }
  } finally {
    await file.close();
  }
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}

async function readWhole(file: FileHandle, position: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

/** Sums of blocks, of bytes that come in other pieces. */
class Sums {
  readonly #sums: number[] = [];
  #sum = 0;
  #length = 0;

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + BLOCK_BYTES - this.#length);
      this.#sum = crc32(piece, this.#sum);
      this.#length += piece.length;
      at += piece.length;
      if (this.#length === BLOCK_BYTES) this.#next();
    }
  }

  finish(): Uint8Array {
    if (this.#length > 0) this.#next();
    const bytes = new Uint8Array(this.#sums.length * 4);
    const view = new DataView(bytes.buffer);
    for (const [index, sum] of this.#sums.entries()) view.setUint32(index * 4, sum);
    return bytes;
  }

  #next(): void {
    this.#sums.push(this.#sum);
    this.#sum = 0;
    this.#length = 0;
  }
}
