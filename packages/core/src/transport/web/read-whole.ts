import { HadronError } from "../../errors.ts";
import { isStream } from "../pump.ts";
import { isOpenRequest, type WebInput, type WebRequest } from "./message.ts";

/** A request that has come in whole. */
export interface WholeRequest {
  readonly head: WebRequest;
  /** By their names in lower case; of several, the values joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Reads a request to its end. TOO_LARGE above the limit, before more than that was read; INVALID_INPUT where none came. */
export async function readWhole(input: WebInput, mostBytes: number): Promise<WholeRequest> {
  if (isOpenRequest(input)) return readBody(input, input.chunks(), mostBytes);
  if (!isStream(input)) return readBody(input, [toBytes(input.body)], mostBytes);
  const items = (input as AsyncIterable<WebRequest | Uint8Array>)[Symbol.asyncIterator]();
  try {
    const { value: head } = await items.next();
    if (head === undefined || head instanceof Uint8Array) throw new HadronError("INVALID_INPUT", "No request came.");
    return await readBody(head, chunksOf(items), mostBytes);
  } finally {
    await items.return?.();
  }
}

async function readBody(
  head: WebRequest,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  mostBytes: number,
): Promise<WholeRequest> {
  const headers = toFields(head.headers);
  const tooLarge = () =>
    new HadronError("TOO_LARGE", `The body has more than ${mostBytes} bytes. Keep it elsewhere, and send where.`);
  if (Number(headers["content-length"] ?? 0) > mostBytes) throw tooLarge();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge();
    parts.push(chunk);
  }
  return { head, headers, body: Buffer.concat(parts, bytes) };
}

async function* chunksOf(items: AsyncIterator<WebRequest | Uint8Array>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await items.next();
    if (done === true) return;
    if (value instanceof Uint8Array) yield value;
  }
}

function toFields(headers: readonly string[]): Readonly<Record<string, string>> {
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
