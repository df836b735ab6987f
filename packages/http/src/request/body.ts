import { HadronError } from "@hadron/core";
import { HttpAnswer, problem } from "../answer/http-answer.ts";
import { type Soon, whenThere } from "../soon.ts";
import type { Arrived } from "./arrived.ts";

/** What a body is by its content type. */
type Kind = "json" | "form" | "text" | "other";

const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/^application\/(?:[\w.+-]+\+)?json$/, "json"],
  [/^application\/x-www-form-urlencoded$/, "form"],
  [/^text\//, "text"],
];

/** What nearly everybody sends. */
const JSON_TYPE = { type: "application/json", charset: undefined } as const;

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** What of a body a route wants. */
export interface BodyWish {
  readonly maxBytes: number;
  /** It has a schema: what is neither JSON nor a form cannot fit. */
  readonly checked: boolean;
}

/** What was read of a body: its bytes, and what they mean. */
export interface ReadBody {
  readonly bytes: Uint8Array;
  readonly value: unknown;
}

/**
 * Reads and parses a body by its content type; undefined where there is none, or it is left to the handler. Throws the answer
 * where it cannot: 413 above the limit, before more than that was read; 415, 400.
 */
export function readParsed(arrived: Arrived, { maxBytes, checked }: BodyWish): Soon<ReadBody | undefined> {
  if (arrived.chunks === undefined) {
    return checked ? { bytes: new Uint8Array(), value: undefined } : undefined;
  }
  const { type, charset } = toType(arrived.headers["content-type"]);
  const kind = KINDS.find(([expression]) => expression.test(type))?.[1] ?? "other";
  if (checked && (kind === "other" || kind === "text")) throw wrongType(`The body is ${type || "of no said type"}`);
  if (kind === "other") return undefined;
  if (arrived.headers["content-encoding"] !== undefined) throw wrongType("The body is encoded");
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/.test(charset)) throw wrongType(`The body is ${charset}`);
  return whenThere(readAll(arrived, maxBytes), (bytes) => ({ bytes, value: parse(kind, bytes) }));
}

/** Reads a body to its end: at once where it has come whole. Throws the answer 413 as soon as it is known to be longer. */
export function readAll(arrived: Arrived, maxBytes: number): Soon<Uint8Array> {
  if (arrived.chunks === undefined) return new Uint8Array();
  if (Number(arrived.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const whole = arrived.whole?.();
  if (whole === undefined) return readChunks(arrived.chunks(), maxBytes);
  if (whole.length > maxBytes) throw tooLarge(maxBytes);
  return whole;
}

async function readChunks(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, bytes);
}

function parse(kind: Exclude<Kind, "other">, bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    throw problem(400, "The body is no UTF-8.");
  }
  if (kind === "text") return text;
  if (kind === "form") return toForm(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw problem(400, `The body is no JSON: ${(error as Error).message}.`);
  }
}

function toForm(text: string): Record<string, string | string[]> {
  const fields = new URLSearchParams(text);
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const values = fields.getAll(name);
      return [name, values.length === 1 ? (values[0] as string) : values];
    }),
  );
}

function toType(header = ""): { readonly type: string; readonly charset: string | undefined } {
  if (header === "application/json") return JSON_TYPE;
  const [type = "", ...parameters] = header.toLowerCase().split(/\s*;\s*/);
  const charset = parameters
    .find((parameter) => parameter.startsWith("charset="))
    ?.slice(8)
    .replaceAll('"', "");
  return { type: type.trim(), charset };
}

function wrongType(what: string): HttpAnswer {
  const { status, headers, body } = problem(
    415,
    `${what}; send content-type: application/json, in UTF-8, not encoded.`,
  );
  return new HttpAnswer(status, [...headers, "accept", "application/json, application/x-www-form-urlencoded"], body);
}

function tooLarge(maxBytes: number): HadronError {
  return new HadronError(
    "TOO_LARGE",
    `The body is larger than ${maxBytes} bytes, the limit of this route (maxBodyBytes).`,
  );
}
