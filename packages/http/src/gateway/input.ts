import { problem } from "../answer/http-answer.ts";
import { readAll, readParsed } from "../request/body.ts";
import { toQueryLists } from "../request/fields.ts";
import type { Found } from "../request/found.ts";

/**
 * What a procedure is given of a request: its body, read by its content type. Where that is an object or there is none, what the query and
 * then the path say are fields beside its own; a field of the path stands for sure, whatever the others say. Throws the answer where the
 * body cannot be read, or the path has parameters and the body no place for them.
 */
export async function toInput({ arrived, params, query }: Found, maxBytes: number): Promise<unknown> {
  const body = await readBody(arrived, maxBytes);
  const hasParams = Object.keys(params).length > 0;
  if (body === undefined && !hasParams && query === "") return undefined;
  if (body !== undefined && !isRecord(body)) {
    if (hasParams) throw problem(400, "The path has parameters: send an object, so that they can be fields of it.");
    return body;
  }
  return { ...toQueryLists(query), ...body, ...params };
}

/** What is neither JSON nor a form nor text is bytes. */
async function readBody(arrived: Found["arrived"], maxBytes: number): Promise<unknown> {
  if (arrived.chunks === undefined) return undefined;
  const read = await readParsed(arrived, { maxBytes, checked: false });
  if (read !== undefined) return read.bytes.length === 0 ? undefined : read.value;
  const bytes = await readAll(arrived, maxBytes);
  return bytes.length === 0 ? undefined : bytes;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
