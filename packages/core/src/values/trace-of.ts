import { inspect } from "node:util";
import { inWords } from "../errors.ts";

/** As much as helps: what was thrown may hold a whole library. */
const BOUNDS = { depth: 4, maxArrayLength: 20, maxStringLength: 10_000, breakLength: 120 } as const;

/**
 * All that is known of what was thrown, for the log: the stack and the fields of an error, its causes, the parts of an
 * AggregateError; of what is no error its fields. Never throws.
 */
export function traceOf(thrown: unknown): string {
  try {
    return inspect(thrown, BOUNDS);
  } catch {
    return inWords(thrown);
  }
}
