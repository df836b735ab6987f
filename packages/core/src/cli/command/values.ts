import { HadronError } from "../../errors.ts";

const UNITS_MS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Reads a duration, `500`, `500ms`, `5s`, `2m` or `1h`, as milliseconds. WRONG_USE where it is none, or not above 0. */
export function toDurationMs(flag: string, text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const durationMs = number === undefined ? 0 : Number(number) * UNITS_MS[unit]!;
  if (durationMs > 0 && durationMs < 2 ** 31) return durationMs;
  throw new HadronError(
    "WRONG_USE",
    `--${flag} is "${text}", and should be a time above 0, as 500ms, 5s or 2m (a bare number: milliseconds).`,
  );
}

/** Reads a point in time: ISO 8601, or how long ago, as 500ms, 5s, 2m or 1h. WRONG_USE where it is neither. */
export function toInstant(flag: string, text: string, now: Date): Date {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const instant =
    number === undefined
      ? new Date(/^\d{4}-\d\d-\d\d/.test(text) ? text : Number.NaN)
      : new Date(now.getTime() - Number(number) * (UNITS_MS[unit] ?? 1));
  if (!Number.isNaN(instant.getTime())) return instant;
  throw new HadronError(
    "WRONG_USE",
    `--${flag} is "${text}", and should be how long ago, as 30s, 10m or 2h, or a time, as 2026-01-31T12:00:00Z.`,
  );
}

/** Reads a whole number. WRONG_USE where it is none, or out of range. */
export function toWhole(what: string, text: string, from: number, to: number): number {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= from && number <= to) return number;
  throw new HadronError("WRONG_USE", `${what} is "${text}", and should be a whole number from ${from} to ${to}.`);
}
