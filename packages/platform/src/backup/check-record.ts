import { COPIED } from "../kept/records.ts";

/** Whoever signed a backup may be believed, and yet have been another version: what would not be served is refused. */
export function checkRecord(
  key: unknown,
  value: unknown,
  blobs: ReadonlyMap<string, unknown>,
  refuse: (why: string) => never,
): void {
  if (typeof key !== "string" || !COPIED.some((kind) => key.startsWith(kind)))
    refuse(`it has a record "${String(key)}"`);
  if (typeof value !== "object" || value === null) refuse(`its record "${key}" is none`);
  const { digest } = value as { readonly digest?: unknown };
  if (key.startsWith("name/") && !blobs.has(String(digest))) refuse(`"${key}" stands for what is not in it`);
  if (key.startsWith("blob/") && !blobs.has(key.slice("blob/".length))) refuse(`"${key}" is not in it`);
}
