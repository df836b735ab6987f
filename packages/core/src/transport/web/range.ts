/** Part of a file: both ends are in it. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the header `Range` (RFC 9110, section 14): one range of bytes; "none" where there is nothing of it. Undefined, the whole, where it is
 * absent, malformed, or several: servers may leave those out, and what asks for many small ones means no good.
 */
export function readRange(header: string | undefined, size: number): ByteRange | "none" | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "");
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return undefined;
    const length = Math.min(Number(last), size);
    return length === 0 ? "none" : { from: size - length, to: size - 1 };
  }
  const from = Number(first);
  if (last !== "" && Number(last) < from) return undefined;
  if (from >= size) return "none";
  return { from, to: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
}
