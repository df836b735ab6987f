import { HadronError } from "@hadron/core";

/** What is kept of an answer: the record of it all may have 1 MiB. */
const MOST_BYTES = 1024 * 1024 - 64 * 1024;

/** An answer as it is kept. */
export interface HttpResponse {
  readonly status: number;
  /** Whether the status is one of 200 to 299. */
  readonly ok: boolean;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON as what it says, text as text, anything else as bytes; undefined where it is empty. */
  readonly body: unknown;
}

/** Reads an answer to its end. TOO_LARGE above the limit, before more than that was read. */
export async function readResponse(response: Response, of: string): Promise<HttpResponse> {
  const { status, ok } = response;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      throw new HadronError(
        "TOO_LARGE",
        `The answer to ${of} has more than ${MOST_BYTES} bytes: fetch it in a step of your own, and keep it in a bucket.`,
      );
    }
    chunks.push(chunk);
  }
  const body = toBody(Buffer.concat(chunks, bytes), response.headers.get("content-type") ?? "");
  return { status, ok, headers: Object.fromEntries(response.headers), body };
}

function toBody(bytes: Buffer, contentType: string): unknown {
  if (bytes.length === 0) return undefined;
  const [type = ""] = contentType.toLowerCase().split(";");
  if (/^application\/(?:[\w.+-]+\+)?json$/.test(type.trim())) {
    try {
      return JSON.parse(bytes.toString());
    } catch {
      // It is what it is: whoever asked sees the text.
      return bytes.toString();
    }
  }
  return type.trim().startsWith("text/") ? bytes.toString() : new Uint8Array(bytes);
}
