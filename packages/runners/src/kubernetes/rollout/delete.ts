import { setTimeout as sleep } from "node:timers/promises";
import type { Deleted, DeleteOptions, RunContext } from "@hadron/core/spi";
import { each } from "../../shared/each.ts";
import type { Api } from "../api/api.ts";
import { isNamespaceGone, statusOf } from "../api/api-error.ts";
import { deleteObject } from "../api/send.ts";
import { selectorOf } from "../objects/labels.ts";
import { type Kind, type KubeObject, kindOf, OWN_KINDS, pathOf, pluralOf } from "../objects/objects.ts";
import { isData, listVisible, readData } from "../world/data.ts";
import { Mirror } from "../world/mirror.ts";
import { Lease } from "./lease.ts";

/** What an app leaves behind, beside what we made ourselves. */
const FOLLOWERS = ["Pod", "PersistentVolumeClaim", "ReplicaSet"] as const satisfies readonly Kind[];
const AT_ONCE = 16;
/** Beyond the time that pods were given to end. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 100;

/**
 * Removes all that carries the app's label, but its data unless that is asked for, waits until it is gone, and says in
 * words what is not.
 */
export async function deleteApp(api: Api, app: string, { data }: DeleteOptions, context: RunContext): Promise<Deleted> {
  await using lease = Lease.open(api, app, "delete", context);
  try {
    await lease.held;
  } catch (error) {
    // Where nothing can be made, in a namespace that is gone or going, there is nobody to keep apart from.
    if (!isNamespaceGone(error)) throw error;
  }
  const goes = (object: KubeObject) => data || !isData(object, app);
  const left = await remove(api, app, goes, { ...context, signal: lease.signal });
  const kept = data ? [] : await readData(api, app, lease.signal);
  await lease.release(context.signal);
  return { left, kept };
}

async function remove(
  api: Api,
  app: string,
  goes: (object: KubeObject) => boolean,
  context: RunContext,
): Promise<readonly string[]> {
  const { signal, progress } = context;
  const selector = selectorOf(app);
  const list = async () => {
    const kinds: readonly Kind[] = [...OWN_KINDS, ...FOLLOWERS];
    const lists = await Promise.all(kinds.map((kind) => listVisible(api, kind, selector, signal)));
    return lists.flat().filter(goes);
  };
  const removeEach = (objects: readonly KubeObject[]) =>
    each(objects, AT_ONCE, ({ kind, metadata }) =>
      deleteObject(api, kindOf(kind), metadata.name, { uid: metadata.uid, signal }),
    );
  // First who would make new pods, then the pods: waiting for the cluster's garbage collector takes longer.
  const there = await list();
  await removeEach(there.filter(isWorkload));
  await Promise.all([
    removeEach(there.filter((object) => !isWorkload(object) && !isFollower(object))),
    removeAll(api, "Pod", selector, signal),
    // Claims go by their label as well: there may be one of each of a thousand shards.
    ...(there.some(({ kind }) => kind === "PersistentVolumeClaim")
      ? [removeAll(api, "PersistentVolumeClaim", selector, signal)]
      : []),
  ]);
  await awaitPods(api, app, context);
  // Pods took the time; the rest goes at once, or is held by somebody.
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const left = await list();
    if (left.length === 0) return [];
    progress.step("delete", `${left.length} ${left.length === 1 ? "object" : "objects"} left`);
    if (performance.now() > deadline) return left.map(describeLeft);
    // Somebody may be deploying at the same time; what was made meanwhile goes as well.
    await removeEach(
      left.filter(({ kind, metadata }) => metadata.deletionTimestamp === undefined && kind !== "ReplicaSet"),
    );
    await sleep(LOOK_MS, undefined, { signal });
  }
}

function isWorkload({ kind }: KubeObject): boolean {
  return kind === "Deployment" || kind === "StatefulSet";
}

function isFollower({ kind }: KubeObject): boolean {
  return FOLLOWERS.some((follower) => follower === kind);
}

/** Waits for pods to end, told by a watch; at most as long as they were given, and {@link PATIENCE_MS}. */
async function awaitPods(api: Api, app: string, { signal, progress }: RunContext): Promise<void> {
  let wake = () => {};
  await using mirror = await Mirror.open(api, {
    kind: "Pod",
    selector: selectorOf(app),
    signal,
    changed: () => wake(),
  });
  const pods = () => [...mirror.objects.values()];
  const graceMs = Math.max(0, ...pods().map((pod) => pod.metadata.deletionGracePeriodSeconds ?? 0)) * 1000;
  const late = AbortSignal.timeout(graceMs + PATIENCE_MS);
  while (pods().length > 0 && !late.aborted) {
    progress.step("delete", `${pods().length} ${pods().length === 1 ? "replica" : "replicas"} stopping`);
    await new Promise<void>((resolve, reject) => {
      wake = resolve;
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      late.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

/** All of a kind in one request; one by one for a user who may not do that. */
async function removeAll(api: Api, kind: Kind, labelSelector: string, signal: AbortSignal): Promise<void> {
  try {
    await api.json({
      method: "DELETE",
      path: pathOf(kind, api.namespace),
      query: { labelSelector },
      what: `delete ${pluralOf(kind)}`,
      signal,
    });
  } catch (error) {
    if (statusOf(error)?.code !== 403) throw error;
    const left = await listVisible(api, kind, labelSelector, signal);
    await each(left, AT_ONCE, ({ metadata }) => deleteObject(api, kind, metadata.name, { uid: metadata.uid, signal }));
  }
}

function describeLeft({ kind, metadata }: KubeObject): string {
  const finalizers: readonly string[] = metadata.finalizers ?? [];
  const why =
    finalizers.length > 0
      ? `, held by ${finalizers.join(", ")}`
      : metadata.deletionTimestamp === undefined
        ? ""
        : ", still stopping";
  return `${kind} ${metadata.name}${why}`;
}
