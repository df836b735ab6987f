import { HadronError, inWords } from "../../../errors.ts";
import { findUnsendable } from "../../../values/find-unsendable.ts";
import { NotEncodable } from "./not-encodable.ts";

/**
 * Says why a value could not be encoded: walks it once more, slowly, to find which part of it, and what to do.
 *
 * @param what `input` or `output`
 * @param of whose, e.g. `the procedure "add"`
 */
export function explainNotEncodable(
  error: unknown,
  value: unknown,
  what: "input" | "output",
  of: string,
  limitBytes: number,
): HadronError {
  const code = what === "input" ? "INVALID_INPUT" : "INVALID_OUTPUT";
  const unsent = what === "input";
  if (error instanceof NotEncodable && error.reason === "size") {
    const text = `The ${what} of ${of} is larger than its limit of ${limitBytes} bytes; raise limits.${what}Bytes of the service, or send less.`;
    return new HadronError("TOO_LARGE", text, { unsent });
  }
  const found = findIn(value, what);
  if (found === undefined && !(error instanceof NotEncodable)) {
    const text = `The ${what} of ${of} cannot be sent: reading it failed: ${inWords(error)}`;
    return new HadronError(code, text, { cause: error, unsent });
  }
  const why = found ?? "a part of it cannot be encoded";
  return new HadronError(code, `The ${what} of ${of} cannot be sent: ${why}.`, { unsent });
}

/** Undefined where nothing is found, or looking fails. */
function findIn(value: unknown, what: string): string | undefined {
  try {
    return findUnsendable(value, what);
  } catch {
    return undefined; // A getter that throws, which is told where it was first seen.
  }
}
