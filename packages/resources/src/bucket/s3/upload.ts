import { upTo } from "../contract/up-to.ts";
import { type S3Requests, textOf } from "./requests.ts";

/** The first parts of an object have so many bytes; what is smaller is one request. */
const PART_BYTES = 8 * 1024 * 1024;
const MOST_PART_BYTES = 512 * 1024 * 1024;
/** S3 takes 10,000 parts an object: they grow, so that the largest objects have no more. */
const PARTS_OF_A_SIZE = 1000;

/** What is stored under which key, and how. */
export interface Upload {
  readonly key: string;
  readonly contentType: string;
  readonly maxBytes: number;
  /** Conditions, as the server takes them. */
  readonly conditions: Readonly<Record<string, string>>;
}

/**
 * Stores a stream of unknown length: in one request, or in parts that become an object with the last one. Until then nothing is there.
 * Two parts are in memory at most.
 *
 * @returns how many bytes they were, and the etag that the server gave them
 */
export async function upload(requests: S3Requests, chunks: AsyncIterable<Uint8Array>, what: Upload) {
  const { key, contentType, conditions } = what;
  const parts = toParts(upTo(chunks, what.maxBytes));
  const { value: first } = await parts.next();
  const { value: second } = await parts.next();
  if (second === undefined) {
    const body = first ?? new Uint8Array();
    const headers = { "content-type": contentType, ...conditions };
    const response = await requests.send({ method: "PUT", key, headers, body });
    await response.body?.cancel();
    return { bytes: body.length, etag: toEtag(response.headers.get("etag")) };
  }
  const headers = { "content-type": contentType };
  const started = await requests.ask({ method: "POST", key, query: { uploads: "" }, headers });
  const query = { uploadId: textOf(started, "UploadId") };
  try {
    const etags: string[] = [];
    let bytes = 0;
    const sendPart = async (body: Uint8Array<ArrayBuffer>) => {
      const partNumber = String(etags.length + 1);
      const response = await requests.send({ method: "PUT", key, query: { ...query, partNumber }, body });
      await response.body?.cancel();
      etags.push(response.headers.get("etag") ?? "");
      bytes += body.length;
    };
    await sendPart(first ?? new Uint8Array());
    await sendPart(second);
    for await (const part of parts) await sendPart(part);
    const listed = etags.map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
    const body = Buffer.from(`<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`);
    const done = await requests.ask({ method: "POST", key, query, headers: { ...conditions }, body });
    return { bytes, etag: toEtag(textOf(done, "ETag")) };
  } catch (error) {
    await endUpload(requests, key, query.uploadId);
    throw error;
  }
}

/** Gives up what was begun. Where the server cannot be asked, the next start of the files does it. */
export async function endUpload(requests: S3Requests, key: string, uploadId: string): Promise<void> {
  await requests.send({ method: "DELETE", key, query: { uploadId }, accept: [204, 404] }).then(
    (response) => response.body?.cancel(),
    () => {},
  );
}

/** An etag as the server writes it, without its quotes. */
export function toEtag(written: string | null): string {
  return (written ?? "").replace(/^(?:W\/)?"|"$/g, "");
}

async function* toParts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let held: Uint8Array[] = [];
  let length = 0;
  let count = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    length += chunk.length;
    for (let size = partBytes(count); length >= size; size = partBytes(count)) {
      const all = Buffer.concat(held);
      yield all.subarray(0, size);
      held = [all.subarray(size)];
      length -= size;
      count++;
    }
  }
  if (length > 0) yield Buffer.concat(held);
}

function partBytes(index: number): number {
  return Math.min(MOST_PART_BYTES, PART_BYTES * 2 ** Math.floor(index / PARTS_OF_A_SIZE));
}
