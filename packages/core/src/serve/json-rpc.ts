import { ERROR_CODES, type ErrorData, HadronError, toErrorData } from "../errors.ts";
import type { IncomingCall, Reply } from "../transport/transport.ts";

/** What an HTTP request says about all the calls in its body. */
export type CallMeta = Pick<IncomingCall, "timeoutMs" | "trace" | "caller">;

/** Runs one call; the returned function gives it up. */
export type Dispatch = (call: IncomingCall, reply: Reply) => void;

type Id = string | number | null;

/**
 * Answers one body of JSON-RPC 2.0 (https://www.jsonrpc.org/specification): a call, a notification, or a batch.
 * `respond` is called once, with the text of the answer, or with undefined where the body held notifications only.
 */
export function answer(
  body: string,
  meta: CallMeta,
  maxOutputBytes: number,
  dispatch: Dispatch,
  respond: (text: string | undefined) => void,
): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    respond(failure(null, toErrorData(new HadronError("PARSE_ERROR", `The body is not JSON: ${(error as Error).message}.`))));
    return;
  }
  if (!Array.isArray(parsed)) return one(parsed, meta, maxOutputBytes, dispatch, respond);
  if (parsed.length === 0) {
    respond(failure(null, toErrorData(new HadronError("INVALID_REQUEST", "The batch is empty."))));
    return;
  }
  const answers: string[] = [];
  let open = parsed.length;
  let bytes = 0;
  for (const request of parsed) {
    one(request, meta, maxOutputBytes, dispatch, (text) => {
      if (text !== undefined) {
        // Each answer keeps to the limit; so does the whole batch, or many small calls would add up to no limit.
        bytes += text.length;
        answers.push(bytes <= maxOutputBytes ? text : failure(idOf(request), tooLarge(maxOutputBytes)));
      }
      if (--open === 0) respond(answers.length === 0 ? undefined : `[${answers.join(",")}]`);
    });
  }
}

function one(
  request: unknown,
  meta: CallMeta,
  maxOutputBytes: number,
  dispatch: Dispatch,
  respond: (text: string | undefined) => void,
): void {
  const problem = whyInvalid(request);
  if (problem !== undefined) {
    respond(failure(idOf(request), toErrorData(new HadronError("INVALID_REQUEST", problem))));
    return;
  }
  const { method, params, id } = request as { method: string; params?: unknown; id?: Id };
  const notification = id === undefined;
  const reply: Reply = notification
    ? { ok: () => respond(undefined), fail: () => respond(undefined) }
    : {
        ok: (output) => respond(success(id, output, maxOutputBytes)),
        fail: (error) => respond(failure(id, error)),
      };
  if (Array.isArray(params) && params.length > 1) {
    reply.fail(
      toErrorData(
        new HadronError("INVALID_INPUT", `A procedure has one input, but params has ${params.length} elements: send an object, or [input].`),
      ),
    );
    return;
  }
  const input = Array.isArray(params) ? params[0] : params;
  dispatch({ procedure: method, input, timeoutMs: meta.timeoutMs, trace: meta.trace, caller: meta.caller }, reply);
}

function whyInvalid(request: unknown): string | undefined {
  if (typeof request !== "object" || request === null || Array.isArray(request)) return "A request is an object.";
  const { jsonrpc, method, params, id } = request as Record<string, unknown>;
  if (jsonrpc !== "2.0") return 'A request says "jsonrpc": "2.0".';
  if (typeof method !== "string") return '"method" is a string.';
  if (params !== undefined && (typeof params !== "object" || params === null)) return '"params" is an array or an object.';
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number") {
    return '"id" is a string, a number or null.';
  }
  return undefined;
}

/** The id of a request that may be no request at all: null where it cannot be told. */
function idOf(request: unknown): Id {
  const id = (request as { id?: unknown } | null | undefined)?.id;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

function success(id: Id, output: unknown, maxOutputBytes: number): string {
  let text: string | undefined;
  try {
    // A result of undefined is null: JSON-RPC wants a result in each answer.
    text = output === undefined ? "null" : JSON.stringify(output);
  } catch (error) {
    const { message } = error as Error;
    // V8 says this where the text would be longer than a string can be.
    if (error instanceof RangeError && /string length/i.test(message)) return failure(id, tooLarge(maxOutputBytes));
    const why = error instanceof RangeError ? "it is nested too deeply" : message.split("\n")[0]!;
    return failure(id, toErrorData(new HadronError("INVALID_OUTPUT", `The output is not JSON: ${why}.`)));
  }
  if (text === undefined) {
    return failure(id, toErrorData(new HadronError("INVALID_OUTPUT", `The output is not JSON: it is a ${typeof output}.`)));
  }
  if (text.length > maxOutputBytes) return failure(id, tooLarge(maxOutputBytes));
  return `{"jsonrpc":"2.0","result":${text},"id":${JSON.stringify(id)}}`;
}

function tooLarge(limit: number): ErrorData {
  return toErrorData(
    new HadronError("TOO_LARGE", `The output is larger than ${limit} bytes, the limit of this service (limits.outputBytes).`),
  );
}

/** An error as an answer. The message has the path, so that whoever reads only that sees where it failed. */
export function failure(id: Id, { code, message, retryable, path, retryAfterMs }: ErrorData): string {
  const text = path.length === 0 ? message : `${message} (${path.join(" → ")})`;
  const data = { code, retryable, path, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return JSON.stringify({ jsonrpc: "2.0", error: { code: ERROR_CODES[code].rpc, message: text, data }, id });
}
