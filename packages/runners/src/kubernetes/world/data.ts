import type { AppData } from "@hadron/core/spi";
import type { Api } from "../api/api.ts";
import { statusOf } from "../api/api-error.ts";
import { NAME, selectorOf } from "../objects/labels.ts";
import { appNames } from "../objects/names.ts";
import type { Claim, Kind, KubeObject, ObjectOf, Secret } from "../objects/objects.ts";
import { parseQuantity } from "../objects/quantity.ts";
import { listObjects } from "./world.ts";

/** What of an app is data: the claims of its storage, and the secrets that were made for it. */
export function isData(object: KubeObject, app: string): boolean {
  if (object.kind === "Secret") return object.metadata.name === appNames(app).generated;
  return object.kind === "PersistentVolumeClaim";
}

/** The data of an app, whether it runs or not. */
export async function readData(api: Api, app: string, signal: AbortSignal): Promise<readonly AppData[]> {
  const lists = await Promise.all(
    (["PersistentVolumeClaim", "Secret"] as const).map((kind) => listVisible(api, kind, selectorOf(app), signal)),
  );
  return lists
    .flat()
    .filter((object) => isData(object, app))
    .map(toAppData);
}

/** The objects of a kind, or none where it is unknown, or may not be seen: who may not see a kind cannot have made any of it. */
export async function listVisible<K extends Kind>(
  api: Api,
  kind: K,
  selector: string,
  signal: AbortSignal,
): Promise<readonly ObjectOf<K>[]> {
  try {
    return await listObjects(api, kind, selector, signal);
  } catch (error) {
    if ([403, 404].includes(statusOf(error)?.code ?? 0)) return [];
    throw error;
  }
}

function toAppData(object: Claim | Secret): AppData {
  const { kind } = object;
  const { name, labels } = object.metadata;
  if (object.kind === "Secret") return { kind, name, service: null, bytes: sizeOfValues(object.data ?? {}) };
  const { spec, status } = object;
  // What is reserved: how much of it is used, only the node knows.
  const bytes = parseBytes(status?.capacity?.storage ?? spec?.resources?.requests?.storage);
  return { kind, name, service: labels?.[NAME] ?? null, bytes };
}

function sizeOfValues(data: Readonly<Record<string, string>>): number {
  return Object.values(data).reduce((sum, value) => sum + Buffer.from(value, "base64").length, 0);
}

/** A Kubernetes quantity in bytes, e.g. `16Mi`; null where it is none. */
export function parseBytes(quantity: string | undefined): number | null {
  const bytes = quantity === undefined ? undefined : parseQuantity(quantity);
  return bytes === undefined ? null : Math.round(bytes);
}
