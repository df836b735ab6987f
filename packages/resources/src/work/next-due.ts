import { HadronError } from "@hadron/core/spi";
import { Cron } from "croner";
import type { NextDue } from "./schedule.ts";

export type { NextDue };

/** Reads a cron line. INVALID_DECLARATION where it, or the time zone, is none. */
export function toNextDue(line: string, timezone: string): NextDue {
  try {
    const cron = new Cron(line, { timezone, paused: true });
    // Both are looked at only when they are used.
    cron.nextRun(new Date(0));
    return (after) => cron.nextRun(new Date(after))?.getTime();
  } catch (cause) {
    throw new HadronError(
      "INVALID_DECLARATION",
      `every("${line}", …, { timezone: "${timezone}" }): ${cause instanceof Error ? cause.message : String(cause)}. A line is like "0 3 * * *", each day at three; a time zone like Europe/Berlin.`,
      { cause },
    );
  }
}
