import type { KubeObject } from "./objects.ts";

/* I9: these labels and annotations are the state of a deployment. */

const MANAGED_BY = "app.kubernetes.io/managed-by";
export const PART_OF = "app.kubernetes.io/part-of";
export const NAME = "app.kubernetes.io/name";

/** The applied version, on workloads and their pods. */
export const REVISION = "dev.hadron.revision";
/** The full name of the service, which may be too long for a label. */
export const SERVICE = "dev.hadron.service";
/** A hash of the manifest as it was applied: what is no longer in it has to be taken away. */
export const MANIFEST = "dev.hadron.manifest";

/** Names a state of the declared secrets, on their Secret and on the pods that use it. */
export const SECRETS = "dev.hadron.secrets";
/** On a namespace, `"true"`: what runs in it may read the metrics of every app. Whoever may label namespaces decides that. */
export const METRICS = "dev.hadron.metrics";

/** Our name among those who manage fields of an object. */
export const MANAGER = "hadron";
/** The same for counts, which `scale` sets as any autoscaler would. */
export const SCALE_MANAGER = "hadron-scale";

/** Finds all that is ours; of one app, if it is given. */
export function selectorOf(app?: string): string {
  return `${MANAGED_BY}=hadron${app === undefined ? "" : `,${PART_OF}=${app}`}`;
}

/** The labels of an app's object; `name`: of one service's. */
export function labelsOf(app: string, name?: string): Readonly<Record<string, string>> {
  return { ...(name === undefined ? {} : { [NAME]: name }), [PART_OF]: app, [MANAGED_BY]: "hadron" };
}

/** I10: a runner touches what carries its app's labels, and nothing else. */
export function isOurs(object: KubeObject, app: string): boolean {
  const labels = object.metadata.labels ?? {};
  return labels[MANAGED_BY] === "hadron" && labels[PART_OF] === app;
}

/** The service that an object, or a pod, belongs to. */
export function serviceOf(object: KubeObject): string | undefined {
  return object.metadata.annotations?.[SERVICE] ?? object.metadata.labels?.[NAME];
}
