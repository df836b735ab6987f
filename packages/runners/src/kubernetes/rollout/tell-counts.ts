import { type Counts, tellCounts as tell } from "../../replica/counts.ts";
import { INTERNAL_PORT } from "../../replica/layout.ts";
import type { Api } from "../api/api.ts";
import { askPod } from "../api/pod-stream.ts";
import type { Pod } from "../objects/objects.ts";
import { containerOf } from "../world/death.ts";

/** Replicas that are told at once; the rest reads it from the mounted file, within about a minute. */
const MOST = 200;

/** Tells replicas how many there are of a service now: the mounted file that says it, too, takes up to a minute to change. */
export async function tellCounts(api: Api, pods: readonly Pod[], counts: Counts, signal: AbortSignal): Promise<void> {
  const own = pods.filter((pod) => containerOf(pod)?.name === "replica").slice(0, MOST);
  await tell(own, counts, async ({ metadata: { name } }, message) => {
    try {
      await askPod(api, name, { port: INTERNAL_PORT, ...message, signal });
      return true;
    } catch {
      // It goes, or hangs: the file tells it, or the one that takes its place.
      signal.throwIfAborted();
      return false;
    }
  });
}
