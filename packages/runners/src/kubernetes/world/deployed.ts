import { readTopology, type Topology } from "@hadron/core/spi";
import type { Api } from "../api/api.ts";
import { readObject } from "../api/send.ts";
import { PART_OF, REVISION, selectorOf } from "../objects/labels.ts";
import { appNames } from "../objects/names.ts";
import type { ConfigMap } from "../objects/objects.ts";
import { listObjects } from "./world.ts";

/** An app as it was last applied. */
export interface Deployed {
  readonly app: string;
  readonly topology: Topology;
  readonly revision: string | null;
}

export async function readDeployed(api: Api, app: string, signal: AbortSignal): Promise<Deployed | undefined> {
  const object = await readObject(api, "ConfigMap", appNames(app).topology, signal);
  return object === undefined || isGoing(object) ? undefined : toDeployed(object);
}

export async function listDeployed(api: Api, signal: AbortSignal): Promise<readonly Deployed[]> {
  return (await listObjects(api, "ConfigMap", selectorOf(), signal))
    .filter((object) => !isGoing(object))
    .map(toDeployed)
    .filter((deployed) => deployed !== undefined);
}

/** What is being deleted does not count as there, whoever holds it. */
function isGoing({ metadata }: ConfigMap): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Undefined for an object that is something else. RUNNER_FAILED where a Hadron that we do not know wrote it. */
export function toDeployed({ metadata, data }: ConfigMap): Deployed | undefined {
  const app = metadata.labels?.[PART_OF];
  const text = data?.["topology.json"];
  if (app === undefined || text === undefined || metadata.labels?.["app.kubernetes.io/managed-by"] !== "hadron")
    return undefined;
  return { app, topology: readTopology(text), revision: metadata.annotations?.[REVISION] ?? null };
}
