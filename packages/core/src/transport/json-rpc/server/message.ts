import { ERROR_CODES, type ErrorData, HadronError, inWords, toErrorData } from "../../../errors.ts";
import { toJsonText } from "../../../values/json-form.ts";

/** What tells the answers of a batch apart. */
export type Id = string | number | null;

export function whyInvalid(request: unknown): string | undefined {
  if (typeof request !== "object" || request === null || Array.isArray(request)) return "A request is an object.";
  const { jsonrpc, method, params, id } = request as Record<string, unknown>;
  if (jsonrpc !== "2.0") return 'A request says "jsonrpc": "2.0".';
  if (typeof method !== "string") return '"method" is a string.';
  if (params !== undefined && (typeof params !== "object" || params === null))
    return '"params" is an array or an object.';
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number") {
    return '"id" is a string, a number or null.';
  }
  return undefined;
}

/** The id of a request that may be no request at all: null where it cannot be told. */
export function idOf(request: unknown): Id {
  const id = (request as { id?: unknown } | null | undefined)?.id;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

export function success(id: Id, output: unknown, maxOutputBytes: number): string {
  let text: string;
  try {
    // A result of undefined is null: JSON-RPC wants a result in each answer.
    text = toJsonText(output, "output");
  } catch (error) {
    // V8 says this where the text would be longer than a string can be.
    if (error instanceof RangeError && /string length/i.test(error.message))
      return failure(id, tooLarge(maxOutputBytes));
    return failure(id, toErrorData(new HadronError("INVALID_OUTPUT", `The output is not JSON: ${inWords(error)}.`)));
  }
  if (text.length > maxOutputBytes) return failure(id, tooLarge(maxOutputBytes));
  return toResult(id, text);
}

export function toResult(id: Id, text: string): string {
  return `{"jsonrpc":"2.0","result":${text},"id":${typeof id === "number" ? id : JSON.stringify(id)}}`;
}

/** An item of a stream, as a notification to the caller. */
export function toItem(id: Id, text: string): string {
  return `{"jsonrpc":"2.0","method":"rpc.item","params":{"id":${JSON.stringify(id)},"item":${text}}}`;
}

export function encodeItem(value: unknown): string {
  try {
    return toJsonText(value, "item");
  } catch (cause) {
    throw new HadronError("INVALID_OUTPUT", `An item of the output is not JSON: ${inWords(cause)}.`, { cause });
  }
}

export function checkSize(length: number, limit: number): void {
  if (length <= limit) return;
  const { message } = tooLarge(limit);
  throw new HadronError(
    "TOO_LARGE",
    `${message} Take a stream item by item: accept application/x-ndjson or text/event-stream.`,
  );
}

export function tooLarge(limit: number): ErrorData {
  return toErrorData(
    new HadronError(
      "TOO_LARGE",
      `The output is larger than ${limit} bytes, the limit of this service (limits.outputBytes).`,
    ),
  );
}

/** An error as an answer. The message has the path, so that whoever reads only that sees where it failed. */
export function failure(id: Id, { code, message, retryable, path, retryAfterMs }: ErrorData): string {
  const text = path.length === 0 ? message : `${message} (${path.join(" → ")})`;
  const data = { code, retryable, path, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return JSON.stringify({ jsonrpc: "2.0", error: { code: ERROR_CODES[code].rpc, message: text, data }, id });
}
