import { HadronError } from "@hadron/core";
import { frameFor } from "../engine/frame.ts";

/**
 * Changes a program in place while runs of it are open: true in runs that come here for the first time, and false, always, in those
 * whose log goes on here in the old way. When no run of the old way is open any more, take out the old way and the patch with it: runs
 * that went the new way go on.
 *
 * @example
 * if (patch("mail the boss")) await mail({ to: boss });
 * else await mail({ to: team });
 */
export function patch(name: string): boolean {
  const frame = frameFor(`patch("${name}")`);
  if (typeof name !== "string" || name === "") throw new HadronError("WRONG_USE", "patch(name): the name is empty.");
  return frame.execution.patch(name);
}
