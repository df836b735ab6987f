import { codeOfRpcNumber, type ErrorData, fromErrorData, HadronError, inWords, isErrorCode } from "../../../errors.ts";
import { toJsonText } from "../../../values/json-form.ts";
import type { HttpResponse } from "./response-parser.ts";

/** A call as it is sent. INVALID_INPUT where the input is not JSON. */
export function toRequest(id: number, procedure: string, input: unknown): string {
  try {
    const params = input === undefined ? "" : `,"params":${toParams(input)}`;
    return `{"jsonrpc":"2.0","method":${JSON.stringify(procedure)}${params},"id":${id}}`;
  } catch (cause) {
    throw new HadronError("INVALID_INPUT", `The input is not JSON: ${inWords(cause)}.`, { cause, unsent: true });
  }
}

/** An object is itself the input; anything else is the one element of an array. */
function toParams(input: unknown): string {
  const text = toJsonText(input, "input");
  return text.startsWith("{") ? text : `[${text}]`;
}

/**
 * The output in an answer to the call of this id; throws its error. UNAVAILABLE where it is no answer of JSON-RPC 2.0.
 */
export function toOutput(response: HttpResponse, id: number, address: string): unknown {
  let answer: {
    id?: unknown;
    result?: unknown;
    error?: { code?: unknown; message?: unknown; data?: Partial<ErrorData> };
  };
  try {
    answer = JSON.parse(response.body.toString("utf8"));
  } catch (cause) {
    const status = response.status === 200 ? "" : ` with status ${response.status}`;
    throw new HadronError("UNAVAILABLE", `${address} answered${status}, but not in JSON: is it a Hadron service?`, {
      cause,
    });
  }
  if (typeof answer === "object" && answer !== null && answer.error !== undefined && typeof answer.error === "object") {
    throw toError(answer.error);
  }
  if (typeof answer !== "object" || answer === null || answer.id !== id || !("result" in answer)) {
    throw new HadronError(
      "UNAVAILABLE",
      `${address} answered with status ${response.status}, but not in JSON-RPC 2.0.`,
    );
  }
  return answer.result;
}

/** An error as it came. */
export function toError({
  code,
  message,
  data,
}: {
  code?: unknown;
  message?: unknown;
  data?: Partial<ErrorData>;
}): HadronError {
  const path = Array.isArray(data?.path) ? data.path.map(String) : [];
  const suffix = path.length === 0 ? "" : ` (${path.join(" → ")})`;
  const text = String(message ?? "The call failed.");
  return fromErrorData({
    code: isErrorCode(data?.code) ? data.code : codeOfRpcNumber(Number(code)),
    message: suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
    retryable: data?.retryable === true,
    path,
    ...(typeof data?.retryAfterMs === "number" ? { retryAfterMs: data.retryAfterMs } : {}),
  });
}
