import { MANAGER, SCALE_MANAGER } from "../objects/labels.ts";
import { isWorkload, type KubeObject, type ManagedFields } from "../objects/objects.ts";
import { mark } from "./compare.ts";

/**
 * Makes a manifest fit what is there: an autoscaler's count stays the autoscaler's, and shards keep the version that they
 * have until their turn comes.
 */
export function fit(manifest: KubeObject, live: KubeObject | undefined): KubeObject {
  if (live === undefined || !isWorkload(manifest) || manifest.spec?.replicas === undefined) return mark(manifest);
  const { replicas, ...rest } = manifest.spec;
  const spec = ownerOfReplicas(live) === undefined ? manifest.spec : rest;
  return mark({ ...manifest, spec });
}

/** Who, other than we, decides how many replicas there are; undefined where nobody does. */
export function ownerOfReplicas(live: KubeObject): string | undefined {
  const owners = (live.metadata.managedFields ?? []).filter(ownsReplicas);
  return owners.find(({ manager }) => manager !== MANAGER && manager !== SCALE_MANAGER)?.manager;
}

/** Whether `scale` has set the count since it was last applied. */
export function wasScaled(live: KubeObject): boolean {
  return (live.metadata.managedFields ?? []).some((fields) => fields.manager === SCALE_MANAGER && ownsReplicas(fields));
}

function ownsReplicas({ fieldsV1 }: ManagedFields): boolean {
  return fieldsV1?.["f:spec"]?.["f:replicas"] !== undefined;
}
