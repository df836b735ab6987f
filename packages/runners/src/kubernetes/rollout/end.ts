import { type RunContext, type Topology, toWaves } from "@hadron/core/spi";
import { each } from "../../shared/each.ts";
import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { deleteObject } from "../api/send.ts";
import { NAME, selectorOf, serviceOf } from "../objects/labels.ts";
import { type Kind, pathOf, pluralOf, type Workload } from "../objects/objects.ts";
import { listVisible } from "../world/data.ts";
import { Mirror } from "../world/mirror.ts";

const AT_ONCE = 16;
/** Beyond the time that pods were given to end. */
export const PATIENCE_MS = 30_000;
/** Services that one selector names: an address has its limits. */
const NAMED = 100;

/**
 * The workloads in the order in which they end, those of a turn together: callers before those whom they call, so that what
 * was accepted can still be finished and told. Whatever the topology does not know ends first.
 */
export function toTurns(
  workloads: readonly Workload[],
  topology: Topology | undefined,
): readonly (readonly Workload[])[] {
  const waves = topology === undefined ? [] : toWaves(topology);
  const turnOf = (workload: Workload) => {
    const service = serviceOf(workload);
    return service === undefined
      ? 0
      : Math.max(
          0,
          waves.findIndex((wave) => wave.has(service)),
        );
  };
  const turns = Map.groupBy(workloads, turnOf);
  return [...turns].sort(([a], [b]) => a - b).map(([, turn]) => turn);
}

/** Removes workloads and their pods, and waits until the pods have ended. */
export async function endWorkloads(
  api: Api,
  app: string,
  workloads: readonly Workload[],
  context: RunContext,
): Promise<void> {
  const { signal } = context;
  // First who would make new pods, then the pods: waiting for the cluster's garbage collector takes longer.
  await each(workloads, AT_ONCE, ({ kind, metadata }) =>
    deleteObject(api, kind, metadata.name, { uid: metadata.uid, signal }),
  );
  const labels = workloads.flatMap(({ metadata }) => metadata.labels?.[NAME] ?? []);
  const parts = Array.from({ length: Math.ceil(labels.length / NAMED) }, (_, part) =>
    labels.slice(part * NAMED, (part + 1) * NAMED),
  );
  await Promise.all(
    parts.map(async (part) => {
      const selector = `${selectorOf(app)},${NAME} in (${part.join(",")})`;
      await removeAll(api, "Pod", selector, signal);
      await awaitPods(api, selector, context);
    }),
  );
}

/** Waits for pods to end, told by a watch; at most as long as they were given, and {@link PATIENCE_MS}. */
export async function awaitPods(api: Api, selector: string, { signal, progress }: RunContext): Promise<void> {
  let wake = () => {};
  await using mirror = await Mirror.open(api, {
    kind: "Pod",
    selector,
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
export async function removeAll(api: Api, kind: Kind, labelSelector: string, signal: AbortSignal): Promise<void> {
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
