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

/** A request whose body is still to be read. */
export interface ArrivedRequest {
  readonly head: WebRequest;
  /** By their names in lower case; of several, the values joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body. It can be read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Reads the head of a request, and no more. INVALID_INPUT where none came. */
export async function readHead(input: WebInput): Promise<ArrivedRequest> {
  if (isOpenRequest(input)) return { head: input, headers: toFields(input.headers), chunks: input.chunks() };
  if (!isStream(input)) return { head: input, headers: toFields(input.headers), chunks: once(input.body) };
  const items = (input as AsyncIterable<WebRequest | Uint8Array>)[Symbol.asyncIterator]();
  const { value: head } = await items.next();
  if (head === undefined || head instanceof Uint8Array) {
    await items.return?.();
    throw new HadronError("INVALID_INPUT", "No request came.");
  }
  return { head, headers: toFields(head.headers), chunks: chunksOf(items) };
}

/** Reads a request to its end. TOO_LARGE above the limit, before more than that was read; INVALID_INPUT where none came. */
export async function readWhole(input: WebInput, mostBytes: number): Promise<WholeRequest> {
  const { head, headers, chunks } = await readHead(input);
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

/** The bytes that come behind the head of a stream. Leaving it ends the stream. */
export async function* chunksOf(items: AsyncIterator<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      const { done, value } = await items.next();
      if (done === true) return;
      if (value instanceof Uint8Array) yield value;
    }
  } finally {
    await items.return?.();
  }
}

async function* once(body: string | Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  if (body !== undefined) yield typeof body === "string" ? Buffer.from(body) : body;
}

function toFields(headers: readonly string[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = Object.create(null);
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at]?.toLowerCase(), headers[at + 1]];
    fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
  }
  return { ...fields };
}
