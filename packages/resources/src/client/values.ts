import type { Schema } from "@hadron/core";
import { decodeValue, describeIssues, HadronError, withEncoded } from "@hadron/core/spi";

/** The form in which values are stored. What was stored must stay readable for ever: a new form gets a new number. */
const FORM = 1;

/**
 * A value as it is stored: anything that a call can carry, behind a byte that says in which form.
 * INVALID_INPUT names the part that cannot be stored; TOO_LARGE says the limit.
 */
export function toStored(value: unknown, of: string, limitBytes: number): Uint8Array {
  return withEncoded(value, of, limitBytes, (encoded) => {
    const stored = bytesFor(encoded.length + 1);
    stored[0] = FORM;
    stored.set(encoded, 1);
    return stored;
  });
}

/** Of small values many share one allocation: to make one each costs more than to write them. */
function bytesFor(length: number): Uint8Array {
  if (length > SHARED_BYTES / 8) return new Uint8Array(length);
  if (used + length > SHARED_BYTES) {
    shared = new ArrayBuffer(SHARED_BYTES);
    used = 0;
  }
  const bytes = new Uint8Array(shared, used, length);
  used += length;
  return bytes;
}

const SHARED_BYTES = 8192;
let shared = new ArrayBuffer(SHARED_BYTES);
let used = 0;

/**
 * FAILED_PRECONDITION where a later version stored it.
 *
 * @param options.views Bytes within the value are views of what was stored, for who changes neither. @default false
 */
export function fromStored(stored: Uint8Array, of: string, { views = false } = {}): unknown {
  if (stored[0] !== FORM) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${of} was stored in form ${stored[0]}, and this version of Hadron reads form ${FORM}: install the one that wrote it.`,
    );
  }
  return decodeValue(stored, { from: 1, views });
}

/** How values of a resource are checked. */
export interface ValueCheck<T> {
  /** Checks what is written, and what is read. @default anything */
  readonly schema: Schema<T> | undefined;
  /** Makes a value of today of one that an earlier version of the app stored. @default as it is */
  readonly upgrade: ((old: unknown) => T) | undefined;
}

/** Checks a value before it is written: INVALID_INPUT names the field. */
export async function checkWritten<T>(value: T, { schema }: ValueCheck<T>, of: string): Promise<T> {
  if (schema === undefined) return value;
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  throw new HadronError("INVALID_INPUT", `${of} does not fit its schema: ${describeIssues(result.issues)}.`);
}

/** Checks a value that was stored, maybe by an earlier version: FAILED_PRECONDITION names what it is and the field. */
export async function checkRead<T>(value: unknown, { schema, upgrade }: ValueCheck<T>, of: string): Promise<T> {
  if (schema === undefined) return upgrade === undefined ? (value as T) : upgrade(value);
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  if (upgrade === undefined) {
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${of} is stored, and does not fit its schema: ${describeIssues(result.issues)}. Say how to bring it up to date (upgrade), or write it anew.`,
    );
  }
  return checkWritten(upgrade(value), { schema, upgrade }, of);
}
