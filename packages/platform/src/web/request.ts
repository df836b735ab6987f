import { HadronError } from "@hadron/core";
import { isOpenRequest, isStream, type WebInput, type WebRequest } from "@hadron/core/spi";

/** A request that has come in whole. */
export interface CameIn {
  readonly method: string;
  /** As it stands in the request line. */
  readonly url: string;
  readonly path: string;
  readonly query: string;
  /** Of the path, decoded. */
  readonly segments: readonly string[];
  /** By their names in lower case; of several, the values joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly address: string;
  readonly isSecure: boolean;
  readonly body: Uint8Array;
}

/** Reads a request to its end. TOO_LARGE above the limit, before more than that was read; INVALID_INPUT where its path is none. */
export async function readRequest(input: WebInput, mostBytes: number): Promise<CameIn> {
  if (isOpenRequest(input)) return toRequest(input, await readAll(input, input.chunks(), mostBytes));
  if (!isStream(input)) return toRequest(input, await readAll(input, [toBytes(input.body)], mostBytes));
  const items = (input as AsyncIterable<WebRequest | Uint8Array>)[Symbol.asyncIterator]();
  try {
    const { value: head } = await items.next();
    if (head === undefined || head instanceof Uint8Array) throw new HadronError("INVALID_INPUT", "No request came.");
    return toRequest(head, await readAll(head, chunksOf(items), mostBytes));
  } finally {
    await items.return?.();
  }
}

function toRequest(head: WebRequest, body: Uint8Array): CameIn {
  const { method, url, address = "", secure = false } = head;
  const target = url.startsWith("/") ? url : url.replace(/^https?:\/\/[^/?#]+/i, "") || "/";
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const segments = path.slice(1).split("/").map(decode);
  if (
    !path.startsWith("/") ||
    segments.some((segment) => segment === "." || segment === ".." || /[\p{Cc}\\]/u.test(segment))
  ) {
    throw new HadronError("INVALID_INPUT", "The path is none.");
  }
  return {
    method,
    url: target,
    path,
    query: mark < 0 ? "" : target.slice(mark + 1),
    segments,
    headers: toFields(head.headers),
    address,
    isSecure: secure,
    body,
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new HadronError("INVALID_INPUT", "The path has a bad escape in it.", { cause });
  }
}

async function* chunksOf(items: AsyncIterator<WebRequest | Uint8Array>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await items.next();
    if (done === true) return;
    if (value instanceof Uint8Array) yield value;
  }
}

async function readAll(
  { headers }: WebRequest,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  mostBytes: number,
): Promise<Uint8Array> {
  const tooLarge = () => new HadronError("TOO_LARGE", `The body has more than ${mostBytes} bytes.`);
  if (Number(toFields(headers)["content-length"] ?? 0) > mostBytes) throw tooLarge();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge();
    parts.push(chunk);
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

function toFields(headers: readonly string[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = Object.create(null);
  for (let at = 0; at < headers.length; at += 2) {
    const name = (headers[at] as string).toLowerCase();
    const value = headers[at + 1] as string;
    fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
  }
  return fields;
}

function toBytes(body: string | Uint8Array | undefined): Uint8Array {
  return typeof body === "string" ? Buffer.from(body) : (body ?? new Uint8Array());
}
