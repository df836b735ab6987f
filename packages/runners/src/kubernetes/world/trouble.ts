import type { Pod, Workload } from "../objects/objects.ts";
import { containerOf, describeEnd, type KubeEvent, memoryOf } from "./death.ts";
import { condition, isHeld, isPodReady, ordinalOf, replicaNameOf } from "./pods.ts";
import { heldBy } from "./world.ts";

/** Why something does not come up. */
export interface Trouble {
  readonly subject: string;
  readonly reason: string;
  /** How long it may stay like this before the roll-out is given up: some of it passes by itself. */
  readonly graceMs: number;
  /** How long it is not worth a word: a process that has not begun to listen answers no probe. */
  readonly quietMs: number;
  /** The pod whose last words belong to it. */
  readonly crashed: string | undefined;
  /** What the cluster keeps of them. */
  readonly message: string | undefined;
  /** The pod whose probe fails; its answer belongs to it. */
  readonly unanswered: string | undefined;
}

/**
 * What is wrong with a pod, as far as its status and its events tell; undefined while it may just be starting. `heldMs`: how
 * long one may be held that is being deleted.
 */
export function podTrouble(pod: Pod, events: readonly KubeEvent[], heldMs = 60_000): Trouble | undefined {
  const isGoing = pod.metadata.deletionTimestamp !== undefined;
  if (isGoing ? !isInTheWay(pod) : isPodReady(pod)) return undefined;
  const subject = replicaNameOf(pod);
  const trouble = (reason: string, graceMs: number, more: Partial<Trouble> = {}): Trouble => ({
    subject,
    reason,
    graceMs,
    quietMs: 0,
    crashed: undefined,
    message: undefined,
    unanswered: undefined,
    ...more,
  });

  if (isGoing) {
    const reason = `its pod has ended, and is being deleted${heldBy(pod)}: none takes its place until it is gone`;
    return trouble(reason, heldMs, { quietMs: 2_000 });
  }
  const scheduled = condition(pod, "PodScheduled");
  if (scheduled?.status === "False") {
    // An autoscaler of nodes says so when it makes a place.
    const growing = events.some(({ reason }) => reason === "TriggeredScaleUp");
    const volume = /PersistentVolumeClaim/i.test(scheduled.message ?? "");
    const what = volume ? "its volume is not bound" : "no node fits";
    return trouble(`${what}: ${scheduled.message}`, growing ? 600_000 : volume ? 15_000 : 5_000);
  }
  const { state, lastState, restartCount = 0, image } = containerOf(pod) ?? {};
  const waiting = state?.waiting;
  if (waiting !== undefined && /^(ErrImage|ImagePull|InvalidImage)/.test(waiting.reason)) {
    const message = waiting.message ?? events.find(({ reason }) => reason === "Failed")?.message ?? waiting.reason;
    const hopeless =
      /not found|unauthorized|denied|no such host|manifest unknown|invalid|does not exist|connection refused/i.test(
        message,
      );
    return trouble(`the image ${image} cannot be pulled: ${message}`, hopeless ? 0 : 15_000);
  }
  if (waiting !== undefined && /^(CreateContainer|RunContainer)/.test(waiting.reason))
    return trouble(`${waiting.reason}: ${waiting.message ?? ""}`, 5_000);

  const ended = state?.terminated ?? lastState?.terminated;
  if (ended !== undefined && ended.exitCode !== 0) {
    // A first crash may be a race with something else that starts; one that says that the file is wrong will not pass.
    const again =
      restartCount >= 2 ||
      waiting?.reason === "CrashLoopBackOff" ||
      ended.exitCode === 3 ||
      ended.reason === "OOMKilled";
    return trouble(`it ends as soon as it starts: ${describeEnd(ended, memoryOf(pod))}`, again ? 0 : 20_000, {
      crashed: pod.metadata.name,
      message: ended.message,
    });
  }
  const mount = events.find(({ reason }) => /^Failed(Mount|AttachVolume|CreatePodSandBox)$/.test(reason));
  if (mount !== undefined && waiting !== undefined) return trouble(`${mount.reason}: ${mount.message}`, 20_000);
  const probe = events.find(({ reason }) => reason === "Unhealthy");
  if (probe !== undefined && state?.running !== undefined) {
    // An answer that says no may stay so; none at all is a process that does not listen yet, which on a busy node takes
    // its time: the cluster itself gives up first, and starts it again.
    const answered = /statuscode/i.test(probe.message);
    const graceMs = restartCount > 0 ? 0 : answered ? 60_000 : Number.POSITIVE_INFINITY;
    return trouble(probe.message, graceMs, { quietMs: 10_000, unanswered: pod.metadata.name });
  }
  return undefined;
}

/** Whether a pod keeps the next one of its name from starting, though nothing of it runs. A Deployment's has no such name. */
export function isInTheWay(pod: Pod): boolean {
  return ordinalOf(pod) !== undefined && isHeld(pod);
}

/** What keeps a Deployment or StatefulSet from making its pods, such as a quota. */
export function workloadTrouble(workload: Workload, events: readonly KubeEvent[]): Trouble | undefined {
  const subject = workload.metadata.annotations?.["dev.hadron.service"] ?? workload.metadata.name;
  const failure = condition(workload, "ReplicaFailure");
  const event = events.find(({ reason }) => reason === "FailedCreate");
  const message = failure?.status === "True" ? failure.message : event?.message;
  if (message === undefined) return undefined;
  const what = /exceeded quota/.test(message) ? "a quota does not allow its pods" : "its pods cannot be made";
  return {
    subject,
    reason: `${what}: ${message}`,
    graceMs: 3_000,
    quietMs: 0,
    crashed: undefined,
    message: undefined,
    unanswered: undefined,
  };
}
