import { whyUnsendable } from "./sendable.ts";

/** How deep arrays and objects may lie within each other. A cycle ends here, too. */
export const MAX_DEPTH = 200;

/** The first part of a value that cannot be sent: where it is and why, e.g. `output.a[1] is a symbol; send a string`. */
export function findUnsendable(value: unknown, path: string, above: readonly object[] = []): string | undefined {
  const why = whyUnsendable(value);
  if (why !== undefined) return `${path} ${why}`;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return undefined;
  if (above.includes(value)) return `${path} contains itself; send a tree without cycles`;
  if (above.length >= MAX_DEPTH) return `${path.slice(0, 60)}… is nested deeper than ${MAX_DEPTH}; send it flat`;
  const below = [...above, value];
  if (value instanceof Map || value instanceof Set) {
    for (const [key, member] of value.entries()) {
      const found =
        (value instanceof Map ? findUnsendable(key, `a key of ${path}`, below) : undefined) ??
        findUnsendable(member, `a member of ${path}`, below);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return findUnsendable(toJSON.call(value), path, below);
  for (const key of Object.keys(value)) {
    const found = findUnsendable((value as Record<string, unknown>)[key], path + toStep(value, key), below);
    if (found !== undefined) return found;
  }
  return value instanceof Error ? findUnsendable(value.cause, `${path}.cause`, below) : undefined;
}

/** A key as it stands behind its object in code. */
export function toStep(of: object, key: string): string {
  if (Array.isArray(of)) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
