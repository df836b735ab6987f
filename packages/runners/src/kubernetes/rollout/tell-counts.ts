import type { Api } from "../api/api.ts";
import { each } from "../api/each.ts";
import { askPod } from "../api/pod-stream.ts";
import { PEER_PORT } from "../manifests/pod.ts";
import type { KubeObject } from "../objects/objects.ts";
import { containerOf } from "../world/pods.ts";

/** Replicas that are told at once; the rest reads it from the mounted file, within about a minute. */
const MOST = 200;
const AT_ONCE = 8;

/** Tells replicas how many there are of a service now: the mounted file that says it, too, takes up to a minute to change. */
export async function tellCounts(
  api: Api,
  pods: readonly KubeObject[],
  counts: Readonly<Record<string, number>>,
  signal: AbortSignal,
): Promise<void> {
  const own = pods.filter((pod) => containerOf(pod)?.name === "replica").slice(0, MOST);
  await each(own, AT_ONCE, async ({ metadata: { name } }) => {
    try {
      await askPod(api, name, {
        port: PEER_PORT,
        method: "POST",
        path: "/counts",
        body: JSON.stringify(counts),
        signal,
      });
    } catch {
      // It goes, or hangs: the file tells it, or the one that takes its place.
      signal.throwIfAborted();
    }
  });
}
