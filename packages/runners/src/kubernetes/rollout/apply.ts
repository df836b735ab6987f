import {
  type Change,
  type Program,
  type RunContext,
  type ServiceTopology,
  type Topology,
  toStages,
} from "@hadron/core/spi";
import { cacheFolder, checkApp, stage } from "../../layout/index.ts";
import { COUNTS_FILE } from "../../replica/layout.ts";
import type { Api } from "../api/api.ts";
import { applyObject, deleteObject } from "../api/send.ts";
import { ownCertificate } from "../declared/ingress.ts";
import { saidOf, withSaid } from "../declared/said.ts";
import { isStateful } from "../manifests/input.ts";
import { toManifests } from "../manifests/manifests.ts";
import { secretsOf } from "../manifests/secrets.ts";
import { NAME, REVISION, serviceOf } from "../objects/labels.ts";
import { isOf, isWorkload, type KubeObject, type Pod, type StatefulSet } from "../objects/objects.ts";
import { type Build, buildApp, needsImage, pushBuild } from "../plan/build.ts";
import { readCaptured } from "../plan/captured.ts";
import { certificateState } from "../plan/certificates.ts";
import { ownerOfReplicas } from "../plan/fit.ts";
import { type Generated, generatedState } from "../plan/generated.ts";
import { findIntents, type Intent, type Intents, toChanges } from "../plan/plan.ts";
import { secretState } from "../plan/secrets.ts";
import type { Settings } from "../plan/settings.ts";
import { isPodReady } from "../world/pods.ts";
import { settled } from "../world/settled.ts";
import { keyOf, readWorld, type World } from "../world/world.ts";
import { makeSecrets } from "./generate.ts";
import { heldBack, waitsForLines } from "./hold.ts";
import { Lease } from "./lease.ts";
import { awaitLogLines, isYoung, type LogReadiness, logReadinessOf } from "./log-lines.ts";
import { type AppliedWorkload, Rollout, withPartition } from "./rollout.ts";
import { setReplicas } from "./scale.ts";
import { tellCounts } from "./tell-counts.ts";

const WORKLOADS = ["Deployment", "StatefulSet"] as const;

/** What `plan` and `apply` know before anything is sent. */
export interface Prepared {
  readonly build: Build | undefined;
  readonly world: World;
  readonly intents: Intents;
  readonly generated: Generated;
  readonly manifests: readonly KubeObject[];
}

/**
 * Builds the app and compares it with the world. Changes nothing. `onBuilt` is told before the rest is known; the world is
 * looked at once `held` resolves, and once nothing of it is being deleted any more.
 */
async function prepare(
  api: Api,
  program: Program,
  settings: Settings,
  context: RunContext,
  { onBuilt = () => {}, held }: { readonly onBuilt?: (build: Build) => void; readonly held?: Promise<void> } = {},
): Promise<Prepared> {
  const { topology } = program;
  const { app } = topology;
  const { signal, progress } = context;
  const needed = new Set(["Deployment", "Service", "ConfigMap", "ServiceAccount", "NetworkPolicy"]);
  if (topology.services.some(isStateful)) needed.add("StatefulSet");
  if (topology.services.some((service) => needsSecret(topology, service))) needed.add("Secret");
  if (topology.services.some((service) => saidOf({ topology, service }).ingress?.gateway !== undefined))
    needed.add("HTTPRoute");
  progress.step("image", "bundling");
  const look = () => readWorld(api, { app, needed, signal });
  const looking = held === undefined ? look() : held.then(() => settled(look, context));
  const captured = async () => readCaptured(topology, await looking);
  const [build, world] = await Promise.all([
    needsImage(topology)
      ? buildApp(program, settings, captured, signal).then((build) => {
          onBuilt(build);
          return build;
        })
      : undefined,
    looking,
  ]);
  const secret = secretState(build?.program ?? program, world);
  const generated = generatedState(topology, world);
  const certificates = certificateState(program, world);
  const manifests = [
    ...certificates.manifests,
    ...(secret.manifest === undefined ? [] : [withSaid(secret.manifest, topology)]),
    ...toManifests({
      topology,
      topologyHash: program.hash,
      image: build?.image ?? "",
      revision: build?.revision ?? program.hash,
      runCall: program.runCall,
      captured: build?.program.captured,
      secretsVersion: secret.version,
      pullSecret: settings.pullSecret,
      kubernetesPatchOf: program.kubernetesPatchOf,
      counts: countsOfOthers(world),
    }),
  ];
  const intents = await findIntents(api, manifests, world, {
    app,
    explicitApp: settings.explicitApp,
    kept: [secret.kept, generated.live, ...certificates.kept].filter((object) => object !== undefined),
    context,
  });
  return { build, world, intents, generated, manifests };
}

function needsSecret(topology: Topology, service: ServiceTopology): boolean {
  return secretsOf(service, topology.app).length > 0 || ownCertificate(topology, service) !== undefined;
}

/** What `apply` would change. */
export async function planApp(
  api: Api,
  program: Program,
  settings: Settings,
  context: RunContext,
): Promise<readonly Change[]> {
  const { intents, generated } = await prepare(api, program, settings, context);
  return [...generated.changes, ...toChanges(intents)];
}

/** Makes the world match the file, and waits until it does. One that is stopped says what it has left to the cluster. */
export async function apply(
  api: Api,
  program: Program,
  settings: Settings,
  context: RunContext,
): Promise<readonly Change[]> {
  const sent = new Map<string, KubeObject>();
  try {
    return await applyAll(api, program, settings, context, sent);
  } catch (error) {
    if (context.signal.aborted) context.progress.note(stoppedWords([...sent.values()]));
    throw error;
  }
}

/** `sent`: takes what was sent, as soon as it is. */
async function applyAll(
  api: Api,
  program: Program,
  settings: Settings,
  outer: RunContext,
  sent: Map<string, KubeObject>,
): Promise<readonly Change[]> {
  const { app } = program.topology;
  await using lease = Lease.open(api, app, "up", outer);
  const { held, signal } = lease;
  const context = { ...outer, signal };
  const { progress } = context;
  let pushing: Promise<void> | undefined;
  const { build, world, intents, generated, manifests } = await prepare(api, program, settings, context, {
    held,
    onBuilt: (built) => {
      pushing = pushBuild(built, settings, { signal, step: (detail) => progress.step("image", detail) });
      pushing.catch(() => {}); // Looked at below, unless something else fails first.
    },
  });
  const isKnown = [...world.objects.values()].some(
    ({ metadata }) => metadata.annotations?.[REVISION] === build?.revision,
  );
  await Promise.all([
    pushing,
    build === undefined || isKnown
      ? undefined
      : checkApp(stage(build.layout, { cache: cacheFolder(settings.env), app }), program, signal),
  ]);
  for (const { kind, metadata } of intents.spared) {
    progress.note(
      `${kind} ${metadata.name} is of an app "${app}" that shares no service with this file, and is left alone; --app=${app} removes it.`,
    );
  }
  const opening = Rollout.open(
    api,
    app,
    WORKLOADS.filter((kind) => manifests.some((manifest) => isOf(manifest, kind))),
    context,
  );
  opening.catch(() => {}); // Looked at below; the objects that pods need come first.
  try {
    await makeSecrets(api, program.topology, generated.missing, signal);
    await sendAll(
      api,
      intents.send.filter(({ manifest }) => !isWorkload(manifest)),
      context,
      sent,
    );
    await using rollout = await opening;
    const { waitMs } = settings;
    const readiness = logReadinessOf(program.topology);
    for (const part of toStages(program.topology)) {
      const isOfPart = (object: KubeObject) => part.has(serviceOf(object) ?? "");
      const toSend = intents.send.filter(({ manifest }) => isWorkload(manifest) && isOfPart(manifest));
      await sendAll(api, toSend, context, sent, readiness);
      const wanted = manifests
        .filter(isWorkload)
        .filter(isOfPart)
        .map((manifest): AppliedWorkload => {
          const key = keyOf(manifest);
          const live = sent.get(key) ?? world.objects.get(key);
          const fitted = toSend.map((intent) => intent.manifest).filter(isWorkload);
          return {
            manifest: fitted.find((other) => keyOf(other) === key) ?? manifest,
            generation: live?.metadata.generation ?? 0,
          };
        });
      await rollout.finish(wanted, waitMs);
      const isNew = new Set([...sent.values()].map(({ metadata }) => metadata.labels?.[NAME]));
      // Of pods that are as before, too: who made them may have been interrupted before the line came.
      const starting = rollout.pods.filter(
        (pod) =>
          isOfPart(pod) && !rollout.isOld(pod) && (isNew.has(pod.metadata.labels?.[NAME]) || isYoung(pod, waitMs)),
      );
      // Before the next stage begins: what it starts may need what says so.
      await awaitLogLines(api, starting, readiness, context, waitMs);
      const held = toSend.filter((intent) => waitsForLines(intent, readiness)).map(({ manifest }) => manifest);
      await rollout.finish(await release(api, held, signal), waitMs);
    }
    await tellNewCounts(api, intents, rollout.pods, signal);
  } finally {
    await opening.then(
      (rollout) => rollout[Symbol.asyncDispose](),
      () => {},
    );
  }
  await Promise.all(
    intents.remove.map(({ kind, metadata }) => deleteObject(api, kind, metadata.name, { uid: metadata.uid, signal })),
  );
  return [...generated.changes, ...toChanges(intents)];
}

/** Sends what does not depend on each other, at once. */
async function sendAll(
  api: Api,
  intents: readonly Intent[],
  { signal }: RunContext,
  sent: Map<string, KubeObject>,
  readiness: readonly LogReadiness[] = [],
): Promise<void> {
  await Promise.all(
    intents.map(async (intent) => {
      const { manifest, live, change, newTemplate, rescale } = intent;
      const { kind, metadata } = manifest;
      if (change.action === "replace")
        await deleteObject(api, kind, metadata.name, { uid: live?.metadata.uid, orphan: true, signal });
      if (rescale !== undefined) await setReplicas(api, kind, metadata.name, rescale, signal);
      const holds = isOf(manifest, "StatefulSet") && isOf(live, "StatefulSet") && (newTemplate || isHeld(live));
      const waits = isOf(manifest, "Deployment") && waitsForLines(intent, readiness);
      const toSend = holds
        ? withPartition(manifest, Math.max(live.spec?.replicas ?? 0, manifest.spec?.replicas ?? 0))
        : waits
          ? heldBack(manifest)
          : manifest;
      sent.set(keyOf(manifest), await applyObject(api, toSend, { dryRun: false, signal }));
    }),
  );
}

function stoppedWords(sent: readonly KubeObject[]): string {
  if (sent.length === 0) return "Stopped before anything was changed.";
  const services = sent.filter(isWorkload).map((workload) => serviceOf(workload) ?? workload.metadata.name);
  const named = services.length === 0 ? "" : `, services among them: ${services.sort().join(", ")}`;
  return `Stopped when ${sent.length} ${sent.length === 1 ? "object was" : "objects were"} made or changed${named}. The cluster goes on with those; \`up\` does the rest, \`delete\` removes all.`;
}

/** Lets the old pods of Deployments go. */
function release(api: Api, held: readonly KubeObject[], signal: AbortSignal): Promise<readonly AppliedWorkload[]> {
  return Promise.all(
    held.filter(isWorkload).map(async (manifest) => {
      const { metadata } = await applyObject(api, manifest, { dryRun: false, signal });
      return { manifest, generation: metadata.generation ?? 0 };
    }),
  );
}

/** How many replicas there are of the services whose count an autoscaler decides. */
function countsOfOthers({ objects }: World): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const object of objects.values()) {
    const [service, count] = [serviceOf(object), isWorkload(object) ? object.spec?.replicas : undefined];
    if (service !== undefined && count !== undefined && ownerOfReplicas(object) !== undefined) counts[service] = count;
  }
  return counts;
}

/** Replicas that were not replaced still count as before. */
async function tellNewCounts(api: Api, { send }: Intents, pods: readonly Pod[], signal: AbortSignal): Promise<void> {
  const [counts] = send.flatMap(({ manifest, live }) =>
    live !== undefined && isOf(manifest, "ConfigMap") ? (manifest.data?.[COUNTS_FILE] ?? []) : [],
  );
  if (counts !== undefined) await tellCounts(api, pods.filter(isPodReady), JSON.parse(counts), signal);
}

/** A roll-out was interrupted: its shards have not all had their turn. */
function isHeld({ spec }: StatefulSet): boolean {
  return (spec?.updateStrategy?.rollingUpdate?.partition ?? 0) > 0;
}
