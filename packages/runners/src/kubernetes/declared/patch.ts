import {
  HadronError,
  inWords,
  type KubernetesManifest,
  type KubernetesPatch,
  type Program,
  type Topology,
} from "@hadron/core/spi";
import { serviceOf } from "../objects/labels.ts";
import { isWorkload, type KubeObject } from "../objects/objects.ts";

/** What may be left out: nothing that is ours needs them. */
const SPARE: readonly string[] = ["NetworkPolicy", "PodDisruptionBudget", "Ingress", "HTTPRoute"];

/**
 * What the app's own functions make of an object: one, or none where they leave it out.
 *
 * INVALID_DECLARATION where one of them fails, gives another object each time, or takes away what we find an object by.
 */
export function patched(
  object: KubeObject,
  {
    topology,
    kubernetesPatchOf = () => undefined,
  }: { readonly topology: Topology; readonly kubernetesPatchOf?: Program["kubernetesPatchOf"] | undefined },
): readonly KubeObject[] {
  const service = topology.services.find(({ name }) => name === serviceOf(object))?.name ?? null;
  const patch = kubernetesPatchOf(service);
  if (patch === undefined) return [object];
  const by = `${service === null ? "run(…)" : `service "${service}"`}: kubernetes.patch`;
  const where = `${object.kind} "${object.metadata.name}"`;
  const fail = (what: string, cause?: unknown): never => {
    throw new HadronError("INVALID_DECLARATION", `${by} ${what}.`, { cause });
  };
  const once = (): string => {
    try {
      return JSON.stringify(toPatched(object, patch));
    } catch (cause) {
      return fail(`failed for ${where}: ${inWords(cause)}`, cause);
    }
  };
  const text = once();
  if (once() !== text) fail(`makes another ${where} each time: it has no clock, chance or memory of its own`);
  const after = JSON.parse(text ?? "null") as KubeObject | null;
  if (after === null) {
    if (!SPARE.includes(object.kind)) fail(`leaves out ${where}, and without it the app does not run`);
    return [];
  }
  const lost = kept(object).find(([path, value]) => JSON.stringify(at(after, path)) !== JSON.stringify(value));
  if (lost !== undefined) fail(`changes ${lost[0].join(".")} of ${where}, by which Hadron finds it: leave that alone`);
  return [after];
}

function toPatched(object: KubeObject, patch: KubernetesPatch): KubernetesManifest | null {
  const copy: KubernetesManifest = structuredClone<any>(object);
  const result = patch(copy);
  return result === undefined ? copy : result;
}

type Path = readonly string[];

/** What has to stay as it is, by its path. */
function kept(object: KubeObject): readonly (readonly [Path, unknown])[] {
  const { metadata } = object;
  const under = (path: Path, map: Readonly<Record<string, string>> = {}, isOurs = (_: string) => true) =>
    Object.entries(map).flatMap(([key, value]) => (isOurs(key) ? [[[...path, key], value] as const] : []));
  const isOurs = (key: string) =>
    key.startsWith("dev.hadron.") || /^app\.kubernetes\.io\/(name|part-of|managed-by)$/.test(key);
  const template = isWorkload(object) ? object.spec?.template?.metadata : undefined;
  return [
    [["apiVersion"], object.apiVersion],
    [["kind"], object.kind],
    [["metadata", "name"], metadata.name],
    [["metadata", "namespace"], metadata.namespace],
    ...under(["metadata", "labels"], metadata.labels, isOurs),
    ...under(["metadata", "annotations"], metadata.annotations, isOurs),
    ...(isWorkload(object) ? [[["spec", "selector"], object.spec?.selector] as const] : []),
    ...under(["spec", "template", "metadata", "labels"], template?.labels, isOurs),
    ...under(["spec", "template", "metadata", "annotations"], template?.annotations, isOurs),
  ];
}

function at(value: unknown, path: Path): unknown {
  let found = value;
  for (const key of path) found = typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined;
  return found;
}
