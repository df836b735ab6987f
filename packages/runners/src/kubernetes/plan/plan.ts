import type { Change, RunContext } from "@hadron/core/spi";
import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { applyObject, checkCreate } from "../api/send.ts";
import { isOurs, SERVICE } from "../objects/labels.ts";
import type { KubeObject } from "../objects/objects.ts";
import { isWorkload } from "../objects/objects.ts";
import { heldBy, keyOf, type World } from "../world/world.ts";
import { differences, isAsWanted } from "./compare.ts";
import { fit, ownerOfReplicas, wasScaled } from "./fit.ts";

/** What is to be sent for one object, and why. */
export interface Intent {
  readonly manifest: KubeObject;
  readonly live: KubeObject | undefined;
  readonly change: Change;
  /** The pods' template is another: they have to be replaced. */
  readonly newTemplate: boolean;
  /** Its count goes back to what is declared. */
  readonly rescale: number | undefined;
}

export interface Intents {
  readonly send: readonly Intent[];
  readonly remove: readonly KubeObject[];
  /** Objects of an app of this name that shares no service with the file. */
  readonly spared: readonly KubeObject[];
}

/**
 * Compares manifests and world, by a server-side dry run of each object that is not plainly as wanted: its differences
 * are what the server itself would change. Changes nothing. Fails as the real thing would: conflicts, rights, bad values.
 */
export async function findIntents(
  api: Api,
  manifests: readonly KubeObject[],
  world: World,
  options: {
    readonly app: string;
    readonly explicitApp: boolean;
    /** Objects of the app that stay as they are, whatever the file declares. */
    readonly kept: readonly KubeObject[];
    readonly context: RunContext;
  },
): Promise<Intents> {
  const { app, context } = options;
  const { signal } = context;
  const intents = await Promise.all(
    manifests.map(async (wanted): Promise<Intent | undefined> => {
      const live = world.objects.get(keyOf(wanted));
      const rescale = live === undefined ? undefined : countToRestore(wanted, live);
      const manifest = fit(wanted, live);
      if (live === undefined) {
        await checkCreate(api, app, manifest, signal);
        return {
          manifest,
          live,
          change: toChange("create", manifest, goingWords(world, manifest) ?? "it is not there"),
          newTemplate: false,
          rescale: undefined,
        };
      }
      if (isAsWanted(manifest, live)) return undefined;
      // The count goes back by the field that `scale` set, before the rest is sent: see `scale.ts`.
      const trial = rescale === undefined ? manifest : withReplicas(manifest, replicasOf(live));
      const after = await dryRun(api, trial, signal);
      if (after === undefined)
        return {
          manifest,
          live,
          change: toChange("replace", manifest, "a field that cannot be changed in place"),
          newTemplate: true,
          rescale,
        };
      const found = [
        ...differences(live, after),
        ...(rescale === undefined ? [] : [`spec.replicas: ${replicasOf(live)} → ${rescale}`]),
      ];
      // Only our own mark is another: worth a request, and no change for anybody.
      const change = toChange("update", manifest, found.join(", "));
      return {
        manifest,
        live,
        change,
        newTemplate: found.some((difference) => difference.startsWith("spec.template.")),
        rescale,
      };
    }),
  );
  const kept = new Set([...manifests, ...options.kept].map(keyOf));
  const left = [...world.objects.values()].filter((object) => isOurs(object, app) && !kept.has(keyOf(object)));
  const isStranger = !options.explicitApp && !sharesService(manifests, world);
  return {
    send: intents.filter((intent) => intent !== undefined),
    remove: isStranger ? [] : left,
    spared: isStranger ? left : [],
  };
}

export function toChanges({ send, remove }: Intents): readonly Change[] {
  return [
    ...send.filter(({ change }) => change.because !== "").map(({ change }) => change),
    ...remove.map((object) => toChange("delete", object, "it is no longer declared")),
  ];
}

function goingWords({ going }: World, manifest: KubeObject): string | undefined {
  const found = going.find((object) => keyOf(object) === keyOf(manifest));
  return found === undefined ? undefined : `the one that is there is being deleted${heldBy(found)}`;
}

function toChange(action: Change["action"], { kind, metadata }: KubeObject, because: string): Change {
  return { action, kind, name: metadata.name, because };
}

/** What the server would make of it; undefined where it would not, since the field is fixed for the object's life. */
async function dryRun(api: Api, manifest: KubeObject, signal: AbortSignal): Promise<KubeObject | undefined> {
  try {
    return await applyObject(api, manifest, { dryRun: true, signal });
  } catch (error) {
    const status = statusOf(error);
    if (status?.code === 422 && /immutable|updates to statefulset spec|may not change once set/i.test(status.message))
      return undefined;
    throw error;
  }
}

function withReplicas(manifest: KubeObject, replicas = 0): KubeObject {
  return isWorkload(manifest) ? { ...manifest, spec: { ...manifest.spec, replicas } } : manifest;
}

function replicasOf(object: KubeObject): number | undefined {
  return isWorkload(object) ? object.spec?.replicas : undefined;
}

/** What is declared, where `scale` has set another count since, and nobody else decides it. */
function countToRestore(wanted: KubeObject, live: KubeObject): number | undefined {
  const declared = replicasOf(wanted);
  if (declared === replicasOf(live) || !wasScaled(live) || ownerOfReplicas(live) !== undefined) return undefined;
  return declared;
}

/** An app that is there under this name, and has none of this file's services, may be somebody else's. */
function sharesService(manifests: readonly KubeObject[], { objects }: World): boolean {
  const servicesOf = (list: Iterable<KubeObject>) =>
    [...list].filter(isWorkload).map(({ metadata }) => metadata.annotations?.[SERVICE]);
  const there = servicesOf(objects.values());
  const declared = new Set(servicesOf(manifests));
  return there.length === 0 || there.some((name) => declared.has(name));
}
