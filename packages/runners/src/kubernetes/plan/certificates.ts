import { dirname } from "node:path";
import { certificateSecrets, own, type Program } from "@hadron/core/spi";
import { readPair } from "../../shared/tls/pair.ts";
import { ownCertificate } from "../declared/ingress.ts";
import { withSaid } from "../declared/said.ts";
import { toCertificate } from "../manifests/secrets.ts";
import { certificateName, nameObjects } from "../objects/names.ts";
import type { Secret } from "../objects/objects.ts";
import { findObject, type World } from "../world/world.ts";

/** What to do about the Secrets with certificates that Ingresses show. */
export interface CertificateState {
  /** To be applied. */
  readonly manifests: readonly Secret[];
  /** Stay as they are, since their values are not known here. */
  readonly kept: readonly Secret[];
}

/** RUNNER_FAILED where what one is made of cannot be read, or does not fit. */
export function certificateState(
  { topology, secrets, entry }: Pick<Program, "topology" | "secrets" | "entry">,
  world: Pick<World, "objects">,
): CertificateState {
  const allNames = nameObjects(topology);
  const manifests: Secret[] = [];
  const kept: Secret[] = [];
  for (const service of topology.services) {
    const [sources, names] = [ownCertificate(topology, service), allNames.get(service.name)];
    if (sources === undefined || names === undefined) continue;
    const live = findObject(world, "Secret", certificateName(names));
    if (certificateSecrets(service.exposed).every((name) => own(secrets, name) !== undefined)) {
      const pair = readPair(service.name, sources, { appFolder: dirname(entry), secrets });
      manifests.push(withSaid(toCertificate(topology.app, service, names, pair), topology));
    } else if (live !== undefined) kept.push(live);
  }
  return { manifests, kept };
}
