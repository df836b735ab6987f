import type { ErrorCode, ErrorData } from "../../errors.ts";
import type { WebAnswer } from "./message.ts";

/** What each code is over HTTP; every other one is 500. */
const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  INVALID_INPUT: 400,
  PARSE_ERROR: 400,
  INVALID_REQUEST: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  FAILED_PRECONDITION: 412,
  TOO_LARGE: 413,
  OVERLOADED: 429,
  CANCELLED: 499,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** The status of an error's code. */
function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 500;
}

/**
 * An error as an outside caller sees it: `application/problem+json`, RFC 9457. What it did wrong is told in words. What went
 * wrong behind it is not: that would name replicas, or what a library says.
 *
 * @param status @default what the code is over HTTP
 */
export function toProblem({ code, message, retryAfterMs }: ErrorData, status = statusOf(code)): WebAnswer {
  const told = status < 500 && status !== 429;
  const body = JSON.stringify({
    type: "about:blank",
    title: titleOf(status),
    status,
    ...(told ? { detail: message } : {}),
    ...(status === 500 ? {} : { code }),
  });
  const headers = ["content-type", "application/problem+json"];
  if (status === 429 || status === 503) headers.push("retry-after", String(Math.ceil((retryAfterMs ?? 1000) / 1000)));
  return { status, headers, body };
}

/** The usual words for a status. */
export function titleOf(status: number): string {
  return process.getBuiltinModule("node:http").STATUS_CODES[status] ?? "Unknown";
}
