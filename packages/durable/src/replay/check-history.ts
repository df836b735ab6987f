import { chanceOf } from "../log/chance.ts";
import type { LogEvent } from "../log/events.ts";
import type { ReadHistory } from "../log/history.ts";
import type { Program } from "./program-of.ts";
import { type Differing, differs, inEnd, rehearse } from "./rehearse.ts";

/**
 * How a run would not go on on a program; undefined: it would. Of a run that is not over, an end by an error, or a wait for nothing that
 * could come, is a difference, too: nothing else of it would follow.
 */
export async function checkHistory(
  history: ReadHistory,
  program: Program,
  run: string,
): Promise<Differing | undefined> {
  const rehearsed = await rehearse(history, program, run);
  if (rehearsed.state === "differs") return rehearsed;
  if (history.ended !== undefined || rehearsed.state === "continued") return undefined;
  if (rehearsed.state === "open") {
    return rehearsed.awaits.length > 0 ? undefined : differs(history, "no end", "a wait for nothing that is durable");
  }
  return "error" in rehearsed.outcome ? differs(history, "no end", inEnd(rehearsed.outcome)) : undefined;
}

/** A log as its store has it. @param first The number of its first event. */
export function toReadHistory(first: number, events: readonly LogEvent[]): ReadHistory {
  const [started] = events;
  const last = events.at(-1);
  return {
    first,
    log: events.filter(({ type }) => type !== "ended"),
    chance: started?.type === "started" ? chanceOf(started) : "",
    ended: last?.type === "ended" ? last.outcome : undefined,
  };
}
