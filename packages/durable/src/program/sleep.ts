import { frameFor } from "../engine/frame.ts";
import { type Duration, toMs } from "./duration.ts";

/**
 * Sleeps, for weeks if need be: the time counts from now, whatever is restarted meanwhile, and one that came due while
 * nothing ran is over at once. WRONG_USE where that is no duration.
 *
 * @example
 * const said = await Promise.race([approval.next(), sleep("3d")]);
 */
export function sleep(duration: Duration): Promise<undefined> {
  const frame = frameFor("sleep");
  const spec = { kind: "sleep", name: String(duration), forMs: toMs(duration) } as const;
  return frame.execution.command(spec, frame.isShielded) as Promise<undefined>;
}
