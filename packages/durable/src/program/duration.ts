import { HadronError } from "@hadron/core";

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** A duration: `"250ms"`, `"90s"`, `"5m"`, `"2h"`, `"3d"`, `"2w"`, or milliseconds. */
export type Duration = number | `${number}${keyof typeof UNITS}`;

/** In milliseconds. WRONG_USE where it is no duration. */
export function toMs(duration: Duration): number {
  const match = typeof duration === "string" ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(duration) : null;
  const ms = match === null ? duration : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  if (typeof ms === "number" && ms >= 0 && Number.isFinite(ms)) return ms;
  throw new HadronError(
    "WRONG_USE",
    `"${duration}" is no duration: say "250ms", "90s", "5m", "2h", "3d", "2w", or milliseconds.`,
  );
}
