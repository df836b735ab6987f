import { HadronError, type RunContext, type Topology } from "@hadron/core/spi";
import { linesOf } from "../../shared/lines.ts";
import type { Api } from "../api/api.ts";
import { NAME } from "../objects/labels.ts";
import { nameObjects } from "../objects/names.ts";
import { type Pod, pathOf } from "../objects/objects.ts";
import { containerOf } from "../world/death.ts";
import { replicaNameOf } from "../world/pods.ts";

/** An image that says in its log that it is ready. */
export interface LogReadiness {
  readonly service: string;
  /** The value of its pods' `app.kubernetes.io/name`. */
  readonly label: string;
  readonly pattern: RegExp;
}

export function logReadinessOf(topology: Topology): readonly LogReadiness[] {
  const names = nameObjects(topology);
  return topology.services.flatMap(({ name, image }) => {
    const label = names.get(name)?.label;
    if (label === undefined || image?.ready === undefined || !("log" in image.ready)) return [];
    return [{ service: name, label, pattern: new RegExp(image.ready.log) }];
  });
}

/**
 * Whether a pod's image may still be about to write its line: what has run for longer has written it, or has failed an `up`
 * that waited. By both clocks, the cluster's and ours, so not to the second.
 */
export function isYoung(pod: Pod, waitMs: number): boolean {
  const startedAt = Date.parse(containerOf(pod)?.state?.running?.startedAt ?? "");
  return Number.isNaN(startedAt) || Date.now() - startedAt < waitMs;
}

/**
 * Waits until each of these pods has written the line by which its image tells that it is ready. No probe of a cluster
 * looks at a log, so the cluster itself counts such a pod as ready when its main port answers, or when it runs.
 * RUNNER_FAILED where the line does not come in time.
 */
export async function awaitLogLines(
  api: Api,
  pods: readonly Pod[],
  readiness: readonly LogReadiness[],
  { signal, progress }: RunContext,
  waitMs: number,
): Promise<void> {
  const late = AbortSignal.timeout(waitMs);
  await Promise.all(
    readiness.flatMap(({ service, label, pattern }) =>
      pods
        .filter(({ metadata }) => metadata.labels?.[NAME] === label && metadata.deletionTimestamp === undefined)
        .map(async (pod) => {
          progress.step(service, `waiting for a line of its log that matches ${pattern}`);
          if (await hasSaid(api, pod, pattern, AbortSignal.any([signal, late]))) return;
          signal.throwIfAborted();
          throw new HadronError(
            "RUNNER_FAILED",
            `${replicaNameOf(pod)} has written no line that matches ${pattern} in ${waitMs / 1000} s, which is how its image says that it is ready. Look at \`logs ${service}\`.`,
          );
        }),
    ),
  );
}

async function hasSaid(api: Api, pod: Pod, pattern: RegExp, signal: AbortSignal): Promise<boolean> {
  const { name } = pod.metadata;
  try {
    const stream = await api.stream({
      path: `${pathOf("Pod", api.namespace, name)}/log`,
      query: { follow: "true", container: "image" },
      what: `read the log of "${name}"`,
      signal,
    });
    for await (const line of linesOf(stream)) if (pattern.test(line)) return true;
    return false;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
