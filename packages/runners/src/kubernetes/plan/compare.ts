import { createHash } from "node:crypto";
import { MANIFEST } from "../objects/labels.ts";
import type { KubeObject } from "../objects/objects.ts";

/** Marks a manifest with its own hash, so that a later one can tell that something is no longer in it. */
export function mark<T extends KubeObject>(manifest: T): T {
  const hash = createHash("sha256").update(JSON.stringify(manifest)).digest("hex").slice(0, 16);
  const { metadata } = manifest;
  return { ...manifest, metadata: { ...metadata, annotations: { ...metadata.annotations, [MANIFEST]: hash } } };
}

/**
 * Whether a live object is what a marked manifest wants: all that it says is so, and nothing that we said before is
 * missing from it. What others added stays theirs. May say no where the server would find no difference; never the opposite.
 */
export function isAsWanted(manifest: KubeObject, live: KubeObject): boolean {
  return live.metadata.deletionTimestamp === undefined && contains(live, manifest);
}

function contains(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live) || live.length < wanted.length) return false;
    return wanted.every((item, index) =>
      contains(keyOf(item) === undefined ? live[index] : live.find((other) => keyOf(other) === keyOf(item)), item),
    );
  }
  if (typeof wanted === "object" && wanted !== null) {
    if (typeof live !== "object" || live === null) return false;
    return Object.entries(wanted).every(([key, value]) => contains(isRecord(live) ? live[key] : undefined, value));
  }
  return live === wanted;
}

function keyOf(item: unknown): unknown {
  return typeof item === "object" && item !== null && "name" in item ? item.name : undefined;
}

/** Fields that the server keeps for itself. */
const NOT_SHOWN = [
  "status",
  "metadata.managedFields",
  "metadata.resourceVersion",
  "metadata.generation",
  "metadata.uid",
  "metadata.creationTimestamp",
  `metadata.annotations.${MANIFEST}`,
];

/**
 * The fields that differ between what is and what would be, in words, e.g. `spec.replicas: 3 → 4`. Values of secrets are
 * never among them.
 */
export function differences(before: KubeObject, after: KubeObject): readonly string[] {
  const found: string[] = [];
  const secret = before.kind === "Secret" || after.kind === "Secret";
  walk(before, after, "", (path, old, now) => {
    if (NOT_SHOWN.some((hidden) => path === hidden || path.startsWith(`${hidden}.`) || path.startsWith(`${hidden}[`)))
      return;
    if (secret && path.startsWith("data."))
      found.push(`${path} ${old === undefined ? "is new" : now === undefined ? "is gone" : "changed"}`);
    else found.push(`${path}: ${show(old)} → ${show(now)}`);
  });
  return found;
}

function walk(
  before: unknown,
  after: unknown,
  path: string,
  tell: (path: string, old: unknown, now: unknown) => void,
): void {
  if (Object.is(before, after)) return;
  const join = (key: string) => (path === "" ? key : `${path}.${key}`);
  if (Array.isArray(before) && Array.isArray(after)) {
    const items = [...before, ...after];
    if (items.every((item) => keyOf(item) !== undefined)) {
      const find = (list: unknown[], key: unknown) => list.find((item) => keyOf(item) === key);
      for (const key of new Set(items.map(keyOf))) walk(find(before, key), find(after, key), `${path}[${key}]`, tell);
    } else for (const index of items.keys()) walk(before[index], after[index], `${path}[${index}]`, tell);
    return;
  }
  // What is new or gone as a whole is told by its fields: some of them are not shown.
  const [old, now] = [before ?? (isRecord(after) ? {} : before), after ?? (isRecord(before) ? {} : after)];
  if (isRecord(old) && isRecord(now)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) walk(old[key], now[key], join(key), tell);
    return;
  }
  if (JSON.stringify(before) !== JSON.stringify(after)) tell(path, before, after);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
