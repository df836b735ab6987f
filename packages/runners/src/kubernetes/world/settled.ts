import { setTimeout as sleep } from "node:timers/promises";
import { HadronError, type RunContext } from "@hadron/core/spi";
import type { KubeObject } from "../objects/objects.ts";
import { heldBy, type World } from "./world.ts";

const LOOK_MS = 500;
/** As for another command that changes the app: see `RunContext.waitMs`. */
const WAIT_MS = 60_000;
const NAMED = 3;

/**
 * The world once nothing of the app is being deleted any more: what goes keeps its name, and takes what is sent to it along.
 * RUNNER_FAILED where it has not gone in time, with what holds it.
 */
export async function settled(look: () => Promise<World>, context: RunContext): Promise<World> {
  const { signal, progress, waitMs = WAIT_MS } = context;
  const since = performance.now();
  for (;;) {
    const world = await look();
    if (world.going.length === 0) return world;
    const what = describe(world.going);
    if (performance.now() - since >= waitMs) {
      throw new HadronError(
        "RUNNER_FAILED",
        `${what}, and ${waitMs === 0 ? "is" : `was after ${waitMs / 1000} s`} still there: nothing was changed. ` +
          "Wait longer with --wait; what is held goes when whoever holds it lets go, or its finalizers are taken away.",
      );
    }
    progress.step("delete", `waiting until it is gone: ${what}`);
    await sleep(Math.min(LOOK_MS, waitMs), undefined, { signal });
  }
}

function describe(going: readonly KubeObject[]): string {
  const named = going
    .slice(0, NAMED)
    .map((object) => `${object.kind} "${object.metadata.name}" is being deleted${heldBy(object)}`);
  const rest = going.length - named.length;
  return named.join("; ") + (rest > 0 ? `; so are ${rest} more` : "");
}
