import { HadronError } from "@hadron/core/spi";

const MOST_KEY_BYTES = 1024;

/**
 * Checks a key: 1 to 1,024 bytes of UTF-8, with nothing in it that cannot be told apart once it is stored.
 * INVALID_INPUT, TOO_LARGE.
 */
export function checkKey(key: unknown, of: string): string {
  if (typeof key !== "string") throw bad(of, `is ${key === null ? "null" : typeof key}, and should be a string`);
  if (key === "") throw bad(of, "is empty");
  if (!key.isWellFormed()) throw bad(of, "has half of a surrogate pair in it, which UTF-8 cannot say");
  if (key.includes("\0")) throw bad(of, "has U+0000 in it");
  const bytes = Buffer.byteLength(key);
  if (bytes > MOST_KEY_BYTES) {
    throw new HadronError("TOO_LARGE", `A key of ${of} has ${bytes} bytes, and may have ${MOST_KEY_BYTES}.`, {
      unsent: true,
    });
  }
  return key;
}

function bad(of: string, what: string): HadronError {
  return new HadronError("INVALID_INPUT", `A key of ${of} ${what}.`, { unsent: true });
}
