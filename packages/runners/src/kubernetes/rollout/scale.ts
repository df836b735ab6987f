import { checkScale, HadronError, type RunContext } from "@hadron/core/spi";
import { COUNTS_FILE } from "../../replica/layout.ts";
import type { Api } from "../api/api.ts";
import { applyObject } from "../api/send.ts";
import { withSaid } from "../declared/said.ts";
import { toCounts } from "../manifests/manifests.ts";
import { SCALE_MANAGER, selectorOf, serviceOf } from "../objects/labels.ts";
import { appNames } from "../objects/names.ts";
import { type ConfigMap, isWorkload, type Kind, pathOf } from "../objects/objects.ts";
import { mark } from "../plan/compare.ts";
import { ownerOfReplicas } from "../plan/fit.ts";
import { toDeployed } from "../world/deployed.ts";
import { isPodReady } from "../world/pods.ts";
import { findObject, listObjects, readWorld } from "../world/world.ts";
import { Lease } from "./lease.ts";
import { Rollout } from "./rollout.ts";
import { tellCounts } from "./tell-counts.ts";

/**
 * Sets how many replicas a service has, by the field that an autoscaler would set. Resolves when they are ready, and when
 * those who call it know; a sharded service has fewer keys' owners only once its callers know of that.
 */
export async function scale(
  api: Api,
  app: string,
  service: string,
  replicas: number,
  outer: RunContext & { readonly readyMs: number },
): Promise<void> {
  await using lease = Lease.open(api, app, `scale ${service}`, outer);
  await lease.held;
  const context = { ...outer, signal: lease.signal };
  const { signal, progress } = context;
  const world = await readWorld(api, {
    app,
    kinds: ["Deployment", "StatefulSet", "ConfigMap"],
    needed: new Set(["Deployment", "StatefulSet", "ConfigMap"]),
    signal,
  });
  const topology = findObject(world, "ConfigMap", appNames(app).topology);
  const deployed = topology === undefined ? undefined : toDeployed(topology);
  if (deployed !== undefined) checkScale(deployed.topology.services, service, replicas);
  const workload = [...world.objects.values()].filter(isWorkload).find((object) => serviceOf(object) === service);
  if (workload === undefined) {
    throw new HadronError(
      "WRONG_USE",
      `The app "${app}" has no service "${service}" running in namespace "${api.namespace}"; deploy it with up.`,
    );
  }
  const owner = ownerOfReplicas(workload);
  if (owner !== undefined) {
    progress.note(`"${owner}" has set how many replicas of ${service} there are, and may do so again.`);
  }
  const { kind } = workload;
  const before = workload.spec?.replicas ?? 0;
  const counts = kind === "StatefulSet" ? readCounts(findObject(world, "ConfigMap", appNames(app).counts)) : undefined;
  const tell = async () => {
    if (counts === undefined) return;
    const now = { ...counts, [service]: replicas };
    const manifest = toCounts(app, now);
    // With all that was said of it: what an apply leaves out is taken away.
    const whole = deployed === undefined ? manifest : withSaid(manifest, deployed.topology);
    await applyObject(api, mark(whole), { dryRun: false, signal });
    const pods = (await listObjects(api, "Pod", selectorOf(app), signal)).filter(isPodReady);
    await tellCounts(api, pods, { [service]: replicas }, signal);
  };
  if (replicas < before) await tell();
  await setReplicas(api, kind, workload.metadata.name, replicas, signal);
  await using rollout = await Rollout.open(api, app, [kind], context);
  const manifest = { ...workload, spec: { ...workload.spec, replicas } };
  await rollout.settle(manifest, replicas, context.readyMs);
  if (replicas > before) await tell();
}

/** `scale` and `up` set a count by the subresource that autoscalers use, under a name of its own. */
export async function setReplicas(
  api: Api,
  kind: Kind,
  name: string,
  replicas: number,
  signal: AbortSignal,
): Promise<void> {
  await api.json({
    method: "PATCH",
    path: `${pathOf(kind, api.namespace, name)}/scale`,
    query: { fieldManager: SCALE_MANAGER },
    body: { spec: { replicas } },
    type: "application/merge-patch+json",
    what: `scale ${kind} "${name}"`,
    signal,
  });
}

function readCounts(object: ConfigMap | undefined): Readonly<Record<string, number>> {
  return JSON.parse(object?.data?.[COUNTS_FILE] ?? "{}");
}
