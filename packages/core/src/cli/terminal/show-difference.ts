import { inspect } from "node:util";

const MOST_CHARACTERS = 60;

/** What differs between two values, by field where both are objects: `commit "a1" → "b2"`. `before` undefined: nothing was. */
export function showDifference(before: unknown, after: unknown): string {
  if (before === undefined) return show(after);
  if (!isRecord(before) || !isRecord(after)) return `${show(before)} → ${show(after)}`;
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = keys.filter((key) => show(before[key]) !== show(after[key]));
  return changed.map((key) => `${key} ${show(before[key])} → ${show(after[key])}`).join(", ");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text =
    typeof value === "string" ? JSON.stringify(value) : inspect(value, { breakLength: Number.POSITIVE_INFINITY });
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}
