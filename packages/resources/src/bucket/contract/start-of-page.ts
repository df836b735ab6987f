import type { ListPage } from "./driver.ts";

/** Behind all keys that begin with what stands before it: no key has a larger code point. */
export const LAST = "\u{10FFFF}\u{10FFFF}";

/** Behind which key a page begins: where that is a common prefix, behind all that has it. "": from the first on. */
export function startOfPage({ prefix, delimiter, after = "" }: ListPage): string {
  const isCommon = delimiter !== undefined && after.length > prefix.length && after.endsWith(delimiter);
  return isCommon ? `${after}${LAST}` : after;
}
