import type { Deployment, Pod, StatefulSet } from "../objects/objects.ts";
import { isPodReady, ordinalOf } from "../world/pods.ts";

/** What to do next to bring a sharded service to its newest version. */
export type Step =
  | { readonly do: "wait" }
  /** These shards are replaced now; those from `partition` on get the new version when they are made again. */
  | { readonly do: "replace"; readonly pods: readonly Pod[]; readonly partition: number }
  /** All have it: hand the rest over to the StatefulSet's own controller. */
  | { readonly do: "release" }
  | { readonly do: "done" };

/**
 * A StatefulSet's own roll-out takes one ordinal after the other, each as long as a replica takes to stop and start. Calls
 * to a shard that is away wait for it, so what counts is how long shards are away in all: first one, to see that the new
 * version comes up, and then half of them at a time. The partition keeps the old version for those whose turn has not
 * come, should they die by themselves, and is the way back.
 */
export function nextStep(set: StatefulSet, pods: readonly Pod[]): Step {
  const { replicas = 1, updateStrategy } = set.spec ?? {};
  const { observedGeneration = 0, updateRevision } = set.status ?? {};
  if (observedGeneration < (set.metadata.generation ?? 0) || updateRevision === undefined) return { do: "wait" };
  const placeOf = (pod: Pod) => ordinalOf(pod) ?? replicas;
  const mine = pods.filter((pod) => placeOf(pod) < replicas).sort((a, b) => placeOf(b) - placeOf(a));
  const isNew = (pod: Pod) => pod.metadata.labels?.["controller-revision-hash"] === updateRevision;
  const going = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined;
  const stale = mine.filter((pod) => !isNew(pod) && !going(pod));
  const isWhole = mine.length === replicas && mine.every((pod) => isPodReady(pod) && !going(pod));
  if (stale.length === 0) {
    if (!isWhole) return { do: "wait" };
    return (updateStrategy?.rollingUpdate?.partition ?? 0) > 0 ? { do: "release" } : { do: "done" };
  }
  const partitionOf = (batch: readonly Pod[]) => Math.min(...batch.map(placeOf));
  // Old ones that do not work are no loss, and waiting for them would be for ever.
  const broken = stale.filter((pod) => !isPodReady(pod));
  if (broken.length > 0) return { do: "replace", pods: broken, partition: partitionOf(broken) };
  if (!isWhole) return { do: "wait" };
  const first = !mine.some(isNew);
  const batch = stale.slice(0, first ? 1 : Math.ceil(replicas / 2));
  return { do: "replace", pods: batch, partition: partitionOf(batch) };
}

/** Whether a Deployment has rolled out: all pods are of the newest version and ready, and no other counts any more. */
export function isRolledOut({ spec = {}, status = {}, metadata }: Deployment): boolean {
  const { replicas = 1 } = spec;
  return (
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status.updatedReplicas ?? 0) >= replicas &&
    (status.availableReplicas ?? 0) >= replicas &&
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0)
  );
}
