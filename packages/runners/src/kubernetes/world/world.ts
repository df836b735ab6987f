import { HadronError } from "@hadron/core/spi";
import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { selectorOf } from "../objects/labels.ts";
import {
  ALL_OWN_KINDS,
  apiVersionOf,
  isOf,
  type Kind,
  type KubeObject,
  type ObjectOf,
  type OwnKind,
  pathOf,
  pluralOf,
} from "../objects/objects.ts";

/** What the cluster has of an app: the labels on its objects are the state, there is no other. */
export interface World {
  /** By {@link keyOf}. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Kinds that we may not list. Nothing of the app may be of one that its manifests need. */
  readonly hidden: readonly OwnKind[];
  /** What is being deleted: it does not count as there, and keeps its name until it is gone. */
  readonly going: readonly KubeObject[];
}

export function keyOf({ kind, metadata }: Pick<KubeObject, "kind" | "metadata">): string {
  return `${kind}/${metadata.name}`;
}

/** The object of a kind and name, where it is there. */
export function findObject<K extends Kind>(
  { objects }: Pick<World, "objects">,
  kind: K,
  name: string,
): ObjectOf<K> | undefined {
  const found = objects.get(`${kind}/${name}`);
  return isOf(found, kind) ? found : undefined;
}

/**
 * Lists all that carries the app's label, or, without an app, anybody's of ours.
 *
 * A kind that may not be listed, or that the cluster does not know, and that is not `needed` is left out: a user with few rights may well
 * have none of it. FAILED_PRECONDITION where one is needed that the cluster does not know.
 */
export async function readWorld(
  api: Api,
  options: {
    readonly app?: string;
    readonly kinds?: readonly OwnKind[];
    readonly needed: ReadonlySet<string>;
    readonly signal: AbortSignal;
  },
): Promise<World> {
  const hidden: OwnKind[] = [];
  const lists = await Promise.all(
    (options.kinds ?? ALL_OWN_KINDS).map(async (kind) => {
      try {
        return await listObjects(api, kind, selectorOf(options.app), options.signal);
      } catch (error) {
        const { code } = statusOf(error) ?? {};
        if (code === 404 && options.needed.has(kind)) throw isUnknown(kind, error);
        if ((code !== 403 && code !== 404) || options.needed.has(kind)) throw error;
        hidden.push(kind);
        return [];
      }
    }),
  );
  const [going, there] = partition(lists.flat(), ({ metadata }) => metadata.deletionTimestamp !== undefined);
  return { objects: new Map(there.map((object) => [keyOf(object), object])), hidden, going };
}

function isUnknown(kind: OwnKind, cause: unknown): HadronError {
  return new HadronError(
    "FAILED_PRECONDITION",
    `The cluster knows no ${kind} (${apiVersionOf(kind)}), which kubernetes.ingress.gateway asks for: have the Gateway API installed there, or leave gateway away, and an Ingress is made.`,
    { cause },
  );
}

function partition<T>(list: readonly T[], test: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [list.filter(test), list.filter((item) => !test(item))];
}

/** Who keeps an object that is being deleted from being gone, as an ending of a sentence. */
export function heldBy({ metadata }: Pick<KubeObject, "metadata">): string {
  const { finalizers = [] } = metadata;
  return finalizers.length === 0 ? "" : `, held by ${finalizers.join(", ")}`;
}

const PAGE = 500;

/** Of a list. Its items do not say of what kind they are. */
interface Page<K extends Kind> {
  readonly items: readonly ObjectOf<K>[];
  readonly metadata: { readonly continue?: string; readonly resourceVersion: string };
}

/** All objects of a kind, page by page: a list of ten thousand pods in one answer is a burden to any API server. */
export async function listObjects<K extends Kind>(
  api: Api,
  kind: K,
  labelSelector: string,
  signal: AbortSignal,
): Promise<readonly ObjectOf<K>[]> {
  const found: ObjectOf<K>[] = [];
  await listInto(api, kind, labelSelector, signal, found);
  return found;
}

/** The same, and the version from which a watch can go on. */
export async function listInto<K extends Kind>(
  api: Api,
  kind: K,
  labelSelector: string,
  signal: AbortSignal,
  found: ObjectOf<K>[],
): Promise<string> {
  const apiVersion = apiVersionOf(kind);
  let next: string | undefined;
  for (;;) {
    const page = await api.json<Page<K>>({
      path: pathOf(kind, api.namespace),
      query: { labelSelector, limit: String(PAGE), continue: next },
      what: `list ${pluralOf(kind)}`,
      signal,
    });
    for (const item of page.items) found.push({ ...item, apiVersion, kind });
    next = page.metadata.continue || undefined;
    if (next === undefined) return page.metadata.resourceVersion;
  }
}
