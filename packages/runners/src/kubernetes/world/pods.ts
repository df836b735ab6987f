import type { ReplicaState } from "@hadron/core/spi";
import { replicaName } from "@hadron/core/spi";
import type { Condition } from "../objects/fields.ts";
import { serviceOf } from "../objects/labels.ts";
import type { Pod, Workload } from "../objects/objects.ts";
import { containerOf, describeEnd, memoryOf } from "./death.ts";
import { heldBy } from "./world.ts";

export function isPodReady(pod: Pod): boolean {
  return condition(pod, "Ready")?.status === "True";
}

/** Whether a pod is being deleted, nothing of it runs any more, and somebody holds it: only its name is still taken. */
export function isHeld({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp === undefined || metadata.finalizers === undefined) return false;
  const containers = status?.containerStatuses ?? [];
  return status?.phase !== "Running" || containers.every(({ state }) => state?.running === undefined);
}

export function condition(object: Pod | Workload, type: string): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}

/** The pod's place among those of its StatefulSet; undefined for a Deployment's. */
export function ordinalOf(pod: Pod): number | undefined {
  const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === "StatefulSet");
  const digits = owner === undefined ? undefined : /-(\d+)$/.exec(pod.metadata.name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The replica's name, as it knows itself: by its number where it has one, else by its pod's name. */
export function replicaNameOf(pod: Pod): string {
  const ordinal = ordinalOf(pod);
  const service = serviceOf(pod);
  const { name } = pod.metadata;
  if (service === undefined) return name;
  return ordinal === undefined ? `${service}.${name}` : replicaName(service, ordinal);
}

/** What a pod's status says of the replica in it. */
export function describePod(pod: Pod): {
  readonly state: ReplicaState;
  readonly restarts: number;
  readonly reason: string | null;
} {
  const container = containerOf(pod);
  const restarts = container?.restartCount ?? 0;
  const reason = podReason(pod);
  if (pod.metadata.deletionTimestamp !== undefined) {
    const held = isHeld(pod);
    return { state: "draining", restarts, reason: held ? `it has ended, and is being deleted${heldBy(pod)}` : reason };
  }
  if (isPodReady(pod)) return { state: "ready", restarts, reason };
  const failed =
    pod.status?.phase === "Failed" ||
    container?.state?.waiting?.reason === "CrashLoopBackOff" ||
    /^(Err|ImagePull|Invalid|Create)/.test(container?.state?.waiting?.reason ?? "");
  return { state: failed ? "failed" : "starting", restarts, reason };
}

/** Why it is not ready or was restarted, in words; null where there is nothing to say. */
function podReason(pod: Pod): string | null {
  const { state, lastState } = containerOf(pod) ?? {};
  if (pod.status?.phase === "Failed" && pod.status.reason)
    return pod.status.message ? `${pod.status.reason}: ${pod.status.message}` : pod.status.reason;
  const ended = state?.terminated ?? lastState?.terminated;
  if (ended !== undefined) return describeEnd(ended, memoryOf(pod));
  if (state?.waiting?.message) return `${state.waiting.reason}: ${state.waiting.message}`;
  const scheduled = condition(pod, "PodScheduled");
  if (scheduled?.status === "False" && scheduled.message) return scheduled.message;
  return null;
}
