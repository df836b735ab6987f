import { HadronError, inWords, isErrorCode, isHadronError } from "@hadron/core/spi";
import type { ErrorRecord } from "./events.ts";

/** What is kept of an error. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (isHadronError(error)) {
    return { name: error.name, message: error.message, code: error.code, retryable: error.retryable };
  }
  const name = error instanceof Error ? error.name : "Error";
  return { name, message: inWords(error), code: undefined, retryable: true };
}

/** The error as the program catches it: the same live and in a replay. */
export function fromErrorRecord({ name, message, code, retryable }: ErrorRecord): Error {
  if (code !== undefined) return new HadronError(isErrorCode(code) ? code : "INTERNAL", message, { retryable });
  const error = new Error(message);
  error.name = name;
  return error;
}
