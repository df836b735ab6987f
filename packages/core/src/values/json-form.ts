import { types } from "node:util";
import { MAX_DEPTH, toStep } from "./find-unsendable.ts";
import { whyUnsendable } from "./sendable.ts";

/** A part of a value that has no form in JSON. */
class NoJsonForm extends Error {
  override readonly name = "NoJsonForm";
}

/** What becomes of the parts that JSON itself has no word for. */
export interface JsonForms {
  /** How deep parts may lie within each other. */
  readonly depth: number;
  /** Of a part that has no form: `path` says which, `why` what it is. Throws, or gives what stands in its place. */
  unsendable(path: string, why: string): unknown;
  /** What is told of an error. */
  error(error: Error): Readonly<Record<string, unknown>>;
}

const STRICT: JsonForms = {
  depth: MAX_DEPTH,
  unsendable(path, why) {
    throw new NoJsonForm(`${path} ${why}`);
  },
  error: ({ name, message, cause }) => (cause === undefined ? { name, message } : { name, message, cause }),
};

/**
 * A value as JSON, where it leaves the app: docs/calls.md has the forms. Throws {@link NoJsonForm} with the path to the part that
 * has none, a RangeError where the text would be too long for a string, and whatever a getter or `toJSON` of the value throws.
 *
 * @param what How its paths begin, e.g. `output`
 */
export function toJsonText(value: unknown, what: string): string {
  return JSON.stringify(isOwnForm(value, 0) ? value : toJsonForm(value, what, STRICT)) ?? "null";
}

/** A value as one that JSON.stringify writes without loss. */
export function toJsonForm(value: unknown, path: string, forms: JsonForms, above: readonly object[] = []): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol")
    return forms.unsendable(path, whyUnsendable(value) ?? "");
  if (typeof value !== "object" || value === null) return value;
  const bytes = toBytes(value);
  if (bytes !== undefined) return bytes.toString("base64");
  if (above.includes(value)) return forms.unsendable(path, "contains itself; send a tree without cycles");
  if (above.length >= forms.depth) return forms.unsendable(path.slice(0, 60), "is nested too deeply; send it flat");
  const below = [...above, value];
  const part = (of: unknown, step: string) => toJsonForm(of, path + step, forms, below);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, (of) => part(of, ""));
  if (Array.isArray(value)) return Array.from(value, (of, at) => part(of, `[${at}]`));
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function" && (types.isDate(value) || !(value instanceof Date)))
    return part(toJSON.call(value), "");
  const why = whyUnsendable(value);
  if (why !== undefined) return forms.unsendable(path, why);
  if (value instanceof Map) {
    return Array.from(value, ([key, of]) => [
      toJsonForm(key, `a key of ${path}`, forms, below),
      toJsonForm(of, `a member of ${path}`, forms, below),
    ]);
  }
  if (value instanceof Set) return Array.from(value, (of) => toJsonForm(of, `a member of ${path}`, forms, below));
  if (value instanceof RegExp) return String(value);
  const fields = Object.entries(value instanceof Error ? forms.error(value) : value);
  return Object.fromEntries(fields.map(([key, of]) => [key, part(of, toStep(value, key))]));
}

/** Whether JSON.stringify writes a value as it is: so are nearly all, and the others are copied. */
function isOwnForm(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null)
    return typeof value !== "bigint" && typeof value !== "function" && typeof value !== "symbol";
  if (depth > 64) return false;
  if (Array.isArray(value)) {
    for (const part of value) if (!isOwnForm(part, depth + 1)) return false;
    return true;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return types.isDate(value);
  if ("toJSON" in value) return false;
  for (const key of Object.keys(value)) {
    if (!isOwnForm((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}

/** What is bytes, and no list of numbers. */
function toBytes(value: object): Buffer | undefined {
  if (value instanceof Uint8Array && ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof DataView) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer ? Buffer.from(value) : undefined;
}
