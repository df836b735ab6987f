import { setTimeout as sleep } from "node:timers/promises";
import { HadronError } from "@hadron/core";
import { isOurs, MANAGER } from "../objects/labels.ts";
import { type Kind, type KubeObject, type ObjectOf, pathOf, pluralOf } from "../objects/objects.ts";
import type { Api } from "./api.ts";
import { ApiFailure, statusOf } from "./api-error.ts";

const ATTEMPTS = 5;

/**
 * Server-side apply of one object, as our own field manager: what others own stays theirs. RUNNER_FAILED, with manager
 * and field, where somebody else owns what we want to say: it is told, and not forced.
 */
export async function applyObject<T extends KubeObject>(
  api: Api,
  manifest: T,
  options: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<T> {
  const { kind, metadata } = manifest;
  const { name } = metadata;
  for (let attempt = 1; ; attempt++) {
    try {
      return await api.json<T>({
        method: "PATCH",
        path: pathOf(kind, api.namespace, name),
        query: { fieldManager: MANAGER, fieldValidation: "Strict", dryRun: options.dryRun ? "All" : undefined },
        body: manifest,
        type: "application/apply-patch+yaml",
        what: `apply ${kind} "${name}"`,
        signal: options.signal,
      });
    } catch (error) {
      // Others wrote to it at the same moment: nothing is in dispute, and the next attempt sees what they did.
      const isRace = statusOf(error)?.code === 409 && !isDispute(error);
      if (!isRace || attempt >= ATTEMPTS) throw toConflict(error, kind, name);
      await sleep(50 * attempt, undefined, { signal: options.signal });
    }
  }
}

function isDispute(error: unknown): boolean {
  return statusOf(error)?.details?.causes?.some(({ reason }) => reason === "FieldManagerConflict") ?? false;
}

function toConflict(error: unknown, kind: string, name: string): unknown {
  const status = statusOf(error);
  const causes = status?.details?.causes?.filter(({ reason }) => reason === "FieldManagerConflict") ?? [];
  if (status?.code !== 409 || causes.length === 0) return error;
  const list = causes
    .map(
      ({ field, message = "" }) => `${field?.replace(/^\./, "")} (by ${/"([^"]+)"/.exec(message)?.[1] ?? "another"})`,
    )
    .join(", ");
  return new HadronError(
    "RUNNER_FAILED",
    `${kind} "${name}" was changed by others in fields that the app declares: ${list}. Nothing was forced: take their change back, or declare the same.`,
    { cause: new ApiFailure(status) },
  );
}

/** The object of that name, whoever made it, or undefined. */
export async function readObject<K extends Kind>(
  api: Api,
  kind: K,
  name: string,
  signal: AbortSignal,
): Promise<ObjectOf<K> | undefined> {
  try {
    return await api.json<ObjectOf<K>>({
      path: pathOf(kind, api.namespace, name),
      what: `read ${kind} "${name}"`,
      signal,
    });
  } catch (error) {
    const status = statusOf(error);
    if (status?.code === 404 && status.details?.kind !== "namespaces") return undefined;
    throw error;
  }
}

/**
 * Fails where an object could not be made: the cluster's rules refuse it, or one of that name is there that is not ours. Asks
 * the server itself, which makes nothing of it.
 */
export async function checkCreate(api: Api, app: string, manifest: KubeObject, signal: AbortSignal): Promise<void> {
  const { kind, metadata } = manifest;
  try {
    await api.json({
      method: "POST",
      path: pathOf(kind, api.namespace),
      query: { fieldManager: MANAGER, fieldValidation: "Strict", dryRun: "All" },
      body: manifest,
      what: `create ${kind} "${metadata.name}"`,
      signal,
    });
  } catch (error) {
    const status = statusOf(error);
    // A webhook that cannot look without doing: it will say what it has to say when the object is made.
    if (status?.reason !== "AlreadyExists" && !/does not support dry.?run/i.test(status?.message ?? "")) throw error;
    await checkNotTaken(api, app, manifest, signal);
  }
}

/** Fails where an object of that name is there and not ours: it is never touched. */
export async function checkNotTaken(
  api: Api,
  app: string,
  { kind, metadata: { name } }: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  const there = await readObject(api, kind, name, signal);
  if (there === undefined || isOurs(there, app)) return;
  const part = there.metadata.labels?.["app.kubernetes.io/part-of"];
  const whose =
    isHadrons(there) && part !== undefined ? `it belongs to the app "${part}"` : "it was not made by Hadron";
  throw new HadronError(
    "RUNNER_FAILED",
    `There is a ${kind} "${name}" in namespace "${api.namespace}", and ${whose}: it is left alone. Deploy to another namespace with --namespace, or under another name with --app.`,
  );
}

function isHadrons(object: KubeObject): boolean {
  return object.metadata.labels?.["app.kubernetes.io/managed-by"] === "hadron";
}

/**
 * Deletes one object; `uid` guards against one that took its place, `resourceVersion` against a change. True where there was one.
 */
export async function deleteObject(
  api: Api,
  kind: Kind,
  name: string,
  options: {
    readonly signal: AbortSignal;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
    readonly graceSeconds?: number;
    readonly orphan?: boolean;
  },
): Promise<boolean> {
  const { uid, resourceVersion, graceSeconds, orphan = false, signal } = options;
  try {
    await api.json({
      method: "DELETE",
      path: pathOf(kind, api.namespace, name),
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: orphan ? "Orphan" : "Background",
        ...(uid === undefined ? {} : { preconditions: { uid, resourceVersion } }),
        ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
      },
      what: `delete ${pluralOf(kind)} "${name}"`,
      signal,
    });
    return true;
  } catch (error) {
    const code = statusOf(error)?.code;
    if (code === 404 || (code === 409 && uid !== undefined)) return false;
    throw error;
  }
}
