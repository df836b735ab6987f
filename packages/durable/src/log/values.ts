import { HadronError } from "@hadron/core/spi";
import { fromStored, toStored } from "@hadron/resources/store";

/** What one input, result or event may have. */
const MOST_BYTES = 1024 * 1024;

/**
 * A value as the log keeps it. INVALID_OUTPUT names the part that cannot be kept, TOO_LARGE says the limit, and where
 * larger things belong.
 */
export function toLogged(value: unknown, of: string, mostBytes = MOST_BYTES): Uint8Array {
  try {
    return toStored(value, of, mostBytes);
  } catch (cause) {
    if (!(cause instanceof HadronError)) throw cause;
    if (cause.code === "TOO_LARGE") {
      throw new HadronError("TOO_LARGE", `${cause.detail} Keep it in a bucket, and give its key.`, { cause });
    }
    throw new HadronError("INVALID_OUTPUT", cause.detail, { cause });
  }
}

export function fromLogged(bytes: Uint8Array): unknown {
  return fromStored(bytes, "What a log keeps");
}
