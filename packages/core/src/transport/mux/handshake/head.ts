const MOST_HEAD_BYTES = 16 * 1024;

/** Headers by lower-case name. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The head of an HTTP message. */
export interface Head {
  /** The request or status line. */
  readonly first: string;
  readonly headers: Headers;
}

/** Collects a head, byte by byte if it comes so. */
export class HeadReader {
  #text = "";

  /** Returns the head and what came after it once it is whole. Throws a RangeError where there is no end to it. */
  push(chunk: Buffer): { readonly head: Head; readonly rest: Buffer } | undefined {
    const before = this.#text.length;
    this.#text += chunk.latin1Slice(0, Math.min(chunk.length, MOST_HEAD_BYTES + 4));
    const end = this.#text.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (end < 0) {
      if (this.#text.length > MOST_HEAD_BYTES)
        throw new RangeError(`A head of more than ${MOST_HEAD_BYTES} bytes came.`);
      return undefined;
    }
    const [first = "", ...lines] = this.#text.slice(0, end).split("\r\n");
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
    return { head: { first, headers }, rest: chunk.subarray(end + 4 - before) };
  }

  /** What has come so far, to say something about it. */
  get begin(): string {
    return this.#text.slice(0, 60);
  }
}

/** The value of a header; the first, where it came more than once. */
export function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}

/** A name may come from outside, and must not begin another header. */
export function toHeaderValue(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, "?");
}
