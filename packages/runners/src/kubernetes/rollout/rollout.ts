import { setTimeout as sleep } from "node:timers/promises";
import { HadronError, type RunContext } from "@hadron/core/spi";
import { each } from "../../shared/each.ts";
import type { Api } from "../api/api.ts";
import { applyObject, deleteObject } from "../api/send.ts";
import { NAME, selectorOf, serviceOf } from "../objects/labels.ts";
import { isOf, type Pod, type StatefulSet, type Workload } from "../objects/objects.ts";
import { EventReader } from "../world/events.ts";
import { lastWords } from "../world/last-words.ts";
import { Mirror } from "../world/mirror.ts";
import { condition, isHeld, isPodReady } from "../world/pods.ts";
import { isInTheWay, podTrouble, type Trouble, workloadTrouble } from "../world/trouble.ts";
import { isBeside, isHeldBack, NewestTemplates } from "./hold.ts";
import { isRolledOut, nextStep } from "./roll.ts";

/** How often the world is looked at while nothing is reported; troubles are looked for as often. */
const TICK_MS = 1000;
/** Pods that are deleted at the same time. */
const AT_ONCE = 32;
/** Objects whose events are read in one look: one reason is as good as a thousand. */
const SAMPLES = 5;

/** A workload as it was applied, and the generation that this made of it. */
export interface AppliedWorkload {
  readonly manifest: Workload;
  readonly generation: number;
}

/**
 * Watches an app come up, and replaces shards on the way. Resolves when every replica of these workloads is ready and of
 * the newest version.
 *
 * RUNNER_FAILED, with the reason, as soon as it is clear that a replica does not come up: the roll-out stops, and what
 * has not been replaced goes on serving.
 */
export class Rollout implements AsyncDisposable {
  readonly #api: Api;
  readonly #context: RunContext;
  readonly #pods: Mirror<"Pod">;
  readonly #workloads: readonly Mirror<Workload["kind"]>[];
  readonly #change: { wake: () => void };
  /** When a trouble was first seen, by our own clock: the cluster's may be another. */
  readonly #since = new Map<string, number>();

  readonly #events: EventReader;
  readonly #newest: NewestTemplates;

  private constructor(
    api: Api,
    app: string,
    context: RunContext,
    mirrors: { readonly pods: Mirror<"Pod">; readonly workloads: readonly Mirror<Workload["kind"]>[] },
    change: { wake: () => void },
  ) {
    this.#api = api;
    this.#context = context;
    this.#events = new EventReader(api, context.signal);
    this.#newest = new NewestTemplates(api, app, context.signal);
    this.#pods = mirrors.pods;
    this.#workloads = mirrors.workloads;
    this.#change = change;
  }

  static async open(
    api: Api,
    app: string,
    kinds: readonly ("Deployment" | "StatefulSet")[],
    context: RunContext,
  ): Promise<Rollout> {
    const change = { wake: () => {} };
    const how = { selector: selectorOf(app), signal: context.signal, changed: () => change.wake() };
    const [pods, ...workloads] = await Promise.all([
      Mirror.open(api, { ...how, kind: "Pod" }),
      ...kinds.map((kind) => Mirror.open(api, { ...how, kind })),
    ]);
    return new Rollout(api, app, context, { pods, workloads }, change);
  }

  get pods(): readonly Pod[] {
    return [...this.#pods.objects.values()];
  }

  async finish(wanted: readonly AppliedWorkload[], waitMs: number): Promise<void> {
    await this.#until(wanted, waitMs, async (manifest, live, pods) => {
      if (live.kind === "StatefulSet") return isOf(manifest, "StatefulSet") && this.#roll(manifest, live, pods);
      if (isHeldBack(live)) return isBeside(live, await this.#newest.podsOf(live, pods));
      return isRolledOut(live) && pods.every((pod) => pod.metadata.deletionTimestamp === undefined || isHeld(pod));
    });
  }

  /** Whether a pod is known to be of a version that goes: of a Deployment that was held back. */
  isOld(pod: Pod): boolean {
    return this.#newest.isOld(pod);
  }

  /** Waits until a workload has exactly so many replicas, all ready, and those that go have gone: they may take their time. */
  async settle(workload: Workload, replicas: number, waitMs: number): Promise<void> {
    const goingMs = 1000 * (workload.spec?.template?.spec?.terminationGracePeriodSeconds ?? 0);
    await this.#until([{ manifest: workload, generation: 0 }], waitMs + goingMs, (_manifest, _live, all) => {
      const pods = all.filter((pod) => !isHeld(pod));
      return (
        pods.length === replicas && pods.every((pod) => pod.metadata.deletionTimestamp === undefined && isPodReady(pod))
      );
    });
  }

  async #until(
    wanted: readonly AppliedWorkload[],
    waitMs: number,
    isDone: (manifest: Workload, live: Workload, pods: readonly Pod[]) => boolean | Promise<boolean>,
  ): Promise<void> {
    const { signal, progress } = this.#context;
    let [lastReady, readyBefore, lookedAt] = [performance.now(), -1, performance.now()];
    for (;;) {
      signal.throwIfAborted();
      const changed = new Promise<void>((resolve) => (this.#change.wake = resolve));
      let ready = 0;
      const waiting: Workload[] = [];
      const pods = Map.groupBy(this.pods, (pod) => pod.metadata.labels?.[NAME]);
      for (const { manifest, generation } of wanted) {
        const live = this.#live(manifest);
        const own = pods.get(manifest.metadata.labels?.[NAME]) ?? [];
        const up = own.filter((pod) => isPodReady(pod) && pod.metadata.deletionTimestamp === undefined).length;
        const count = live?.spec?.replicas ?? manifest.spec?.replicas ?? 1;
        ready += up;
        progress.step(serviceOf(manifest) ?? manifest.metadata.name, `${Math.min(up, count)} of ${count} ready`);
        // Before the watch has told of what was sent, the old state would look finished.
        const isKnown = live !== undefined && (live.metadata.generation ?? 0) >= generation;
        if (!isKnown || !(await isDone(manifest, live, own))) waiting.push(live ?? manifest);
      }
      if (waiting.length === 0) return;
      if (ready !== readyBefore) lastReady = performance.now();
      readyBefore = ready;
      if (performance.now() - lookedAt >= TICK_MS) {
        lookedAt = performance.now();
        await this.#judge(waiting, wanted);
        const [late] = waiting;
        if (late !== undefined && lookedAt - lastReady > waitMs) await this.#stop(wanted, tooLong(late, waitMs));
      }
      const woken = new AbortController();
      const tick = sleep(TICK_MS, undefined, { signal: AbortSignal.any([signal, woken.signal]) });
      await Promise.race([changed, tick]).finally(() => woken.abort());
      // Of many pods many change at once: one look at all of them is enough.
      if (this.pods.length > 100) await sleep(this.pods.length / 10, undefined, { signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#pods, ...this.#workloads].map((mirror) => mirror[Symbol.asyncDispose]()));
  }

  #live({ kind, metadata }: Workload): Workload | undefined {
    return this.#workloads.map(({ objects }) => objects.get(metadata.name)).find((live) => isOf(live, kind));
  }

  #podsOf(workload: Workload): readonly Pod[] {
    const label = workload.metadata.labels?.[NAME];
    return this.pods.filter((pod) => pod.metadata.labels?.[NAME] === label);
  }

  /** One step of a sharded service's replacement; true when it is done. */
  async #roll(manifest: StatefulSet, live: StatefulSet, pods: readonly Pod[]): Promise<boolean> {
    const { signal } = this.#context;
    const step = nextStep(
      live,
      pods.filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === live.metadata.uid)),
    );
    if (step.do === "replace") {
      await applyObject(this.#api, withPartition(manifest, step.partition), { dryRun: false, signal });
      await each(step.pods, AT_ONCE, ({ metadata: { name, uid } }) =>
        deleteObject(this.#api, "Pod", name, { uid, signal }),
      );
    }
    if (step.do === "release") await applyObject(this.#api, withPartition(manifest, 0), { dryRun: false, signal });
    return step.do === "done" || step.do === "release";
  }

  /** Looks for what keeps replicas from coming up. Shows it at once, and gives up when it will not pass by itself. */
  async #judge(waiting: readonly Workload[], wanted: readonly AppliedWorkload[]): Promise<void> {
    const found: Trouble[] = [];
    for (const workload of waiting.slice(0, SAMPLES)) {
      const pods = this.#podsOf(workload);
      const missing = pods.length < (workload.spec?.replicas ?? 1);
      const trouble = workloadTrouble(
        workload,
        missing && workload.kind === "StatefulSet" ? await this.#events.of(workload, true) : [],
      );
      if (trouble !== undefined) found.push(trouble);
      const ill = pods
        .filter((pod) => isInTheWay(pod) || (!isPodReady(pod) && pod.metadata.deletionTimestamp === undefined))
        .slice(0, SAMPLES);
      for (const pod of ill) {
        const isStarting = condition(pod, "PodScheduled")?.status === "True" && podTrouble(pod, []) === undefined;
        const events = isInTheWay(pod) ? [] : await this.#events.of(pod, isStarting);
        const trouble = podTrouble(pod, events, this.#context.waitMs);
        if (trouble !== undefined) found.push(trouble);
      }
    }
    const now = performance.now();
    for (const trouble of found) {
      const key = `${trouble.subject} ${trouble.reason.split(":")[0]}`;
      const since = this.#since.get(key) ?? now;
      this.#since.set(key, since);
      if (now - since >= trouble.quietMs) this.#context.progress.step(trouble.subject, trouble.reason);
      if (now - since < trouble.graceMs) continue;
      const words = await lastWords(this.#api, trouble, this.#context.signal);
      await this.#stop(
        wanted,
        new HadronError("RUNNER_FAILED", `${trouble.subject} does not come up: ${trouble.reason}${words}`),
      );
    }
  }

  /** Goes back where a sharded service has lost shards to a version that does not come up; then fails. */
  async #stop(wanted: readonly AppliedWorkload[], error: HadronError): Promise<never> {
    const { signal } = this.#context;
    for (const { manifest } of wanted) {
      const live = this.#live(manifest);
      if (!isOf(manifest, "StatefulSet") || !isOf(live, "StatefulSet")) continue;
      if (live.status?.currentRevision === live.status?.updateRevision) continue;
      await applyObject(this.#api, withPartition(manifest, live.spec?.replicas ?? 0), { dryRun: false, signal });
      const failed = this.#podsOf(live).filter(
        (pod) => !isPodReady(pod) && pod.metadata.labels?.["controller-revision-hash"] === live.status?.updateRevision,
      );
      await Promise.all(
        failed.map(({ metadata: { name, uid } }) => deleteObject(this.#api, "Pod", name, { uid, signal })),
      );
    }
    throw error;
  }
}

/** A StatefulSet whose pods below this ordinal keep the version that they have. */
export function withPartition(manifest: StatefulSet, partition: number): StatefulSet {
  return {
    ...manifest,
    spec: { ...manifest.spec, updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition } } },
  };
}

function tooLong(workload: Workload, waitMs: number): HadronError {
  return new HadronError(
    "RUNNER_FAILED",
    `No more replicas of ${serviceOf(workload)} have become ready in ${waitMs / 1000} s, and the cluster does not say why. Look at \`status\` and \`logs\`.`,
  );
}
