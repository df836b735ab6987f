/** Whether a tag is among those of `If-None-Match`, compared weakly. */
export function matchesTag(noneMatch: string, tag: string): boolean {
  if (noneMatch.trim() === "*") return true;
  const opaque = tag.replace(/^W\//, "");
  return noneMatch.split(",").some((other) => other.trim().replace(/^W\//, "") === opaque);
}
