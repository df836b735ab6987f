import { setTimeout as sleep } from "node:timers/promises";
import { type Deleted, type DeleteOptions, inWords, type RunContext, type Topology } from "@hadron/core/spi";
import { each } from "../../shared/each.ts";
import type { Api } from "../api/api.ts";
import { isNamespaceGone } from "../api/api-error.ts";
import { deleteObject } from "../api/send.ts";
import { selectorOf } from "../objects/labels.ts";
import { appNames } from "../objects/names.ts";
import { ALL_OWN_KINDS, isOf, isWorkload, type Kind, type KubeObject } from "../objects/objects.ts";
import { isData, listVisible, readData } from "../world/data.ts";
import { toDeployed } from "../world/deployed.ts";
import { awaitPods, endWorkloads, PATIENCE_MS, removeAll, toTurns } from "./end.ts";
import { Lease } from "./lease.ts";

/** What an app leaves behind, beside what we made ourselves. */
const FOLLOWERS = ["Pod", "PersistentVolumeClaim", "ReplicaSet"] as const satisfies readonly Kind[];
const AT_ONCE = 16;
const LOOK_MS = 100;

/**
 * Removes all that carries the app's label, but its data unless that is asked for, waits until it is gone, and says in
 * words what is not. Services end in turn: callers before those whom they call, and last what keeps their resources.
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
    const kinds: readonly Kind[] = [...ALL_OWN_KINDS, ...FOLLOWERS];
    const lists = await Promise.all(kinds.map((kind) => listVisible(api, kind, selector, signal)));
    return lists.flat().filter(goes);
  };
  const removeEach = (objects: readonly KubeObject[]) =>
    each(objects, AT_ONCE, ({ kind, metadata }) =>
      deleteObject(api, kind, metadata.name, { uid: metadata.uid, signal }),
    );
  const there = await list();
  // By what they are still called as long as any of them works: Services, counts and secrets stay until then.
  for (const turn of toTurns(there.filter(isWorkload), topologyOf(there, app, context)))
    await endWorkloads(api, app, turn, context);
  await Promise.all([
    removeEach(there.filter((object) => !isWorkload(object) && !isFollower(object))),
    removeAll(api, "Pod", selector, signal),
    // Claims go by their label as well: there may be one of each of a thousand shards.
    ...(there.some(({ kind }) => kind === "PersistentVolumeClaim")
      ? [removeAll(api, "PersistentVolumeClaim", selector, signal)]
      : []),
  ]);
  await awaitPods(api, selector, context);
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

function isFollower({ kind }: KubeObject): boolean {
  return FOLLOWERS.some((follower) => follower === kind);
}

/** What is deployed; undefined where it is not known, and the services end in no order. */
function topologyOf(objects: readonly KubeObject[], app: string, { progress }: RunContext): Topology | undefined {
  const { topology } = appNames(app);
  const deployed = objects.find((object) => isOf(object, "ConfigMap") && object.metadata.name === topology);
  try {
    return isOf(deployed, "ConfigMap") ? toDeployed(deployed)?.topology : undefined;
  } catch (error) {
    progress.note(`The services of "${app}" end all at once, as their order is not known: ${inWords(error)}`);
    return undefined;
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
