import { HadronError } from "@hadron/core";
import { isOpenRequest, isStream, type WebInput, type WebRequest } from "@hadron/core/spi";

/** What a body may have. */
const MOST_BYTES = 1024 * 1024;

/** A request that has come in whole. */
export interface DoorRequest {
  readonly method: string;
  /** The segments of its path, decoded. */
  readonly path: readonly string[];
  /** By their names in lower case; of several, the values joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Reads a request to its end. TOO_LARGE above 1 MiB, before more than that was read; INVALID_INPUT where its path is none. */
export async function readRequest(input: WebInput): Promise<DoorRequest> {
  if (isOpenRequest(input)) return toRequest(input, await readAll(input, input.chunks()));
  if (!isStream(input)) return toRequest(input, await readAll(input, [toBytes(input.body)]));
  const items = (input as AsyncIterable<WebRequest | Uint8Array>)[Symbol.asyncIterator]();
  try {
    const { value: head } = await items.next();
    if (head === undefined || head instanceof Uint8Array) throw new HadronError("INVALID_INPUT", "No request came.");
    return toRequest(head, await readAll(head, chunksOf(items)));
  } finally {
    await items.return?.();
  }
}

/** A body as JSON. INVALID_INPUT where it is none; undefined where there is none. */
export function toJsonBody({ body }: DoorRequest): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new HadronError("INVALID_INPUT", `The body is no JSON: ${(cause as Error).message}.`, { cause });
  }
}

/** Whether a body says of itself that it is JSON, as it is. */
export function saysJson({ headers }: DoorRequest): boolean {
  const [type = ""] = (headers["content-type"] ?? "").toLowerCase().split(";");
  return headers["content-encoding"] === undefined && /^application\/(?:[\w.+-]+\+)?json$/.test(type.trim());
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
): Promise<Uint8Array> {
  if (Number(toFields(headers)["content-length"] ?? 0) > MOST_BYTES) throw tooLarge();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw tooLarge();
    parts.push(chunk);
  }
  return Buffer.concat(parts, bytes);
}

function toRequest({ method, url, headers }: WebRequest, body: Uint8Array): DoorRequest {
  const [pathname = ""] = url.split("?");
  try {
    return { method, path: pathname.split("/").slice(1).map(decodeURIComponent), headers: toFields(headers), body };
  } catch (cause) {
    throw new HadronError("INVALID_INPUT", `The path ${pathname} is none.`, { cause });
  }
}

function toFields(headers: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at]?.toLowerCase(), headers[at + 1]];
    fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
  }
  return { ...fields };
}

function toBytes(body: string | Uint8Array | undefined): Uint8Array {
  return typeof body === "string" ? Buffer.from(body) : (body ?? new Uint8Array());
}

function tooLarge(): HadronError {
  return new HadronError("TOO_LARGE", `The body has more than ${MOST_BYTES} bytes. Keep it elsewhere, and send where.`);
}
