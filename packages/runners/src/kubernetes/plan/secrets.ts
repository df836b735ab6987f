import { randomBytes } from "node:crypto";
import type { Program } from "@hadron/core/spi";
import { own } from "@hadron/core/spi";
import { toSecret } from "../manifests/secrets.ts";
import { SECRETS } from "../objects/labels.ts";
import { appNames } from "../objects/names.ts";
import type { Secret } from "../objects/objects.ts";
import { findObject, type World } from "../world/world.ts";

/** What to do about the Secret of an app. */
export interface SecretState {
  /** To be applied; undefined where the app has none, or their values are not known here. */
  readonly manifest: Secret | undefined;
  /** Of the pods that use it. */
  readonly version: string | undefined;
  /** Stays as it is, since its values are not known here. */
  readonly kept: Secret | undefined;
}

/**
 * Pods are replaced when a secret changes, so they carry a name of its state. Chance makes that name: a hash of the values
 * would tell them to whoever may read pods and guesses well.
 */
export function secretState(
  { topology, secrets }: Pick<Program, "topology" | "secrets">,
  world: Pick<World, "objects">,
): SecretState {
  const declared = new Set(topology.services.flatMap((service) => service.secrets));
  if (declared.size === 0) return { manifest: undefined, version: undefined, kept: undefined };
  const live = findObject(world, "Secret", appNames(topology.app).secret);
  const known = live?.metadata.annotations?.[SECRETS];
  if ([...declared].some((name) => own(secrets, name) === undefined))
    return { manifest: undefined, version: known, kept: live };
  // Those of certificates are for Ingresses.
  const wanted = toSecret(
    topology.app,
    Object.fromEntries(Object.entries(secrets).filter(([name]) => declared.has(name))),
  );
  const same = known !== undefined && JSON.stringify(sorted(live?.data)) === JSON.stringify(sorted(wanted.data));
  const version = same ? known : randomBytes(6).toString("hex");
  const manifest = { ...wanted, metadata: { ...wanted.metadata, annotations: { [SECRETS]: version } } };
  return { manifest, version, kept: undefined };
}

function sorted(data: Readonly<Record<string, string>> | undefined): unknown {
  return Object.entries(data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}
