import type { Api } from "../api/api.ts";
import { MANIFEST, NAME, selectorOf } from "../objects/labels.ts";
import { type Deployment, isOf, type KubeObject, type Pod } from "../objects/objects.ts";
import type { Intent } from "../plan/plan.ts";
import { isPodReady } from "../world/pods.ts";
import { listObjects } from "../world/world.ts";
import type { LogReadiness } from "./log-lines.ts";

/** Longer than any `up`. Where one is interrupted, the next goes on; where none comes, the cluster does, in the end. */
const HELD_SECONDS = 86_400;
/** The controller counts the templates of a Deployment here, and those of its ReplicaSets. */
const COUNT = "deployment.kubernetes.io/revision";
const TEMPLATE = "pod-template-hash";

/**
 * Whether a Deployment has to wait for a line of its new pods' logs before the old ones go. The cluster looks at no log, and
 * counts a pod as soon as its port answers.
 */
export function waitsForLines({ manifest, live, newTemplate }: Intent, readiness: readonly LogReadiness[]): boolean {
  if (!isOf(live, "Deployment") || !(newTemplate || isHeldBack(live))) return false;
  return readiness.some(({ label }) => label === manifest.metadata.labels?.[NAME]);
}

/** With all new pods beside all old ones, none of which goes before it is applied without this. */
export function heldBack(manifest: Deployment): Deployment {
  const { metadata, spec } = manifest;
  return {
    ...manifest,
    // Another mark: whoever compares it with what is declared sees that it is not finished.
    metadata: { ...metadata, annotations: { ...metadata.annotations, [MANIFEST]: "held" } },
    spec: {
      ...spec,
      minReadySeconds: HELD_SECONDS,
      progressDeadlineSeconds: HELD_SECONDS + 1,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 } },
    },
  };
}

export function isHeldBack({ spec }: Deployment): boolean {
  return spec?.minReadySeconds === HELD_SECONDS;
}

/** Whether all new pods of a Deployment that is held back are there and ready. */
export function isBeside({ spec, status, metadata }: Deployment, newPods: readonly Pod[]): boolean {
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    newPods.filter(isPodReady).length >= (spec?.replicas ?? 1)
  );
}

/** Tells the pods of the newest template of Deployments from older ones. */
export class NewestTemplates {
  readonly #api: Api;
  readonly #app: string;
  readonly #signal: AbortSignal;
  /** By the value of their pods' `app.kubernetes.io/name`. */
  readonly #found = new Map<string | undefined, { readonly count: string; readonly hash: string }>();

  constructor(api: Api, app: string, signal: AbortSignal) {
    this.#api = api;
    this.#app = app;
    this.#signal = signal;
  }

  async podsOf(live: Deployment, pods: readonly Pod[]): Promise<readonly Pod[]> {
    const count = live.metadata.annotations?.[COUNT];
    const name = live.metadata.labels?.[NAME];
    if (count === undefined) return [];
    if (this.#found.get(name)?.count !== count) {
      const sets = await listObjects(this.#api, "ReplicaSet", selectorOf(this.#app), this.#signal);
      const newest = sets.find((set) => isOwnedBy(set, live) && set.metadata.annotations?.[COUNT] === count);
      const hash = newest?.metadata.labels?.[TEMPLATE];
      if (hash === undefined) return [];
      this.#found.set(name, { count, hash });
    }
    return pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && !this.isOld(pod));
  }

  /** Whether a pod is known to be of an older template. */
  isOld({ metadata: { labels } }: Pod): boolean {
    const newest = this.#found.get(labels?.[NAME]);
    return newest !== undefined && labels?.[TEMPLATE] !== newest.hash;
  }
}

function isOwnedBy({ metadata }: KubeObject, owner: Deployment): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) ?? false;
}
