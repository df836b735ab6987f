import { HadronError } from "../../../errors.ts";
import { isOpaque } from "./encoder.ts";
import { NotEncodable } from "./not-encodable.ts";
import { MAX_DEPTH } from "./tags.ts";

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
  if (!(error instanceof NotEncodable)) {
    const text = error instanceof Error ? error.message : String(error);
    return new HadronError(code, `The ${what} of ${of} cannot be sent: reading it failed: ${text}`, {
      cause: error,
      unsent,
    });
  }
  if (error.reason === "size") {
    const text = `The ${what} of ${of} is larger than its limit of ${limitBytes} bytes; raise limits.${what}Bytes of the service, or send less.`;
    return new HadronError("TOO_LARGE", text, { unsent });
  }
  const found = find(value, what, []) ?? `a part of it cannot be encoded`;
  return new HadronError(code, `The ${what} of ${of} cannot be sent: ${found}.`, { unsent });
}

function find(value: unknown, path: string, above: readonly object[]): string | undefined {
  if (typeof value === "function") return `${path} is a function; send data, and call a service for behaviour`;
  if (typeof value === "symbol") return `${path} is a symbol; send a string`;
  if (typeof value !== "object" || value === null) return undefined;
  if (above.includes(value)) return `${path} contains itself; send a tree without cycles`;
  if (Symbol.asyncIterator in value)
    return `${path} is a stream; a stream is an input or an output by itself, not a part of one`;
  if (isOpaque(value))
    return `${path} is a ${value.constructor?.name ?? "promise"}${"then" in value ? "; await it first" : ""}`;
  if (above.length >= MAX_DEPTH) return `${path.slice(0, 60)}… is nested deeper than ${MAX_DEPTH}; send it flat`;
  const below = [...above, value];
  if (value instanceof Map || value instanceof Set) {
    for (const [key, one] of value.entries()) {
      const found =
        (value instanceof Map ? find(key, `a key of ${path}`, below) : undefined) ??
        find(one, `a member of ${path}`, below);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (ArrayBuffer.isView(value)) return undefined;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return find(toJSON.call(value), path, below);
  for (const key of Object.keys(value)) {
    const step = Array.isArray(value)
      ? `[${key}]`
      : /^[A-Za-z_$][\w$]*$/.test(key)
        ? `.${key}`
        : `[${JSON.stringify(key)}]`;
    const found = find((value as Record<string, unknown>)[key], path + step, below);
    if (found !== undefined) return found;
  }
  return value instanceof Error ? find(value.cause, `${path}.cause`, below) : undefined;
}
