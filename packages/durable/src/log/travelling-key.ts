import { createHash } from "node:crypto";

/**
 * A step's key in a form that travels in headers and as a call's id: 1 to 255 printable ASCII characters. The key itself where it
 * is that, else its beginning and a hash of all of it: run ids may be of any script, and those of grandchildren are long.
 */
export function toTravellingKey(key: string): string {
  if (/^[ -~]{1,255}$/.test(key)) return key;
  const beginning = key.replaceAll(/[^ -~]/g, "_").slice(0, 200);
  return `${beginning}~${createHash("sha256").update(key).digest("base64url")}`;
}
