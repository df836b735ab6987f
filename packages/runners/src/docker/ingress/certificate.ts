import { randomBytes } from "node:crypto";
import { certificateSecrets, hostnamesOf, own, type ServiceTopology } from "@hadron/core/spi";
import { Authority, isCurrent, toAdvice } from "../../shared/tls/authority.ts";
import { isBelowLocalhost, OWN_HOSTS } from "../../shared/tls/own-hosts.ts";
import { type Pair, type PairPlaces, readPair } from "../../shared/tls/pair.ts";
import type { Engine } from "../engine/client.ts";
import { CERTIFICATE_FILE, INGRESS_FOLDER } from "../names/ingress-form.ts";
import { readContainerFile } from "../volumes/volumes.ts";
import type { SeenContainer } from "../world/world.ts";

/** What certificates are made of. */
export interface CertificatePlaces extends PairPlaces {
  /** The folder of the user's own authority. */
  readonly authority: string;
}

/** What an ingress shows of itself. */
export interface IngressCertificate {
  /** A name of its state. Chance made it: a hash would tell of the key to whoever reads the ingress's log. */
  readonly state: string;
  /** Reads it, or has it issued. */
  make(): Promise<{ readonly pair: Pair; readonly advice?: string }>;
}

/**
 * Works out the certificate of a service's ingress: the one that is there, where it still is what is declared. Makes none.
 * RUNNER_FAILED where what it is made of cannot be read, or does not fit.
 */
export async function findCertificate(
  engine: Engine,
  service: ServiceTopology,
  containers: readonly SeenContainer[],
  places: CertificatePlaces,
  signal: AbortSignal,
): Promise<IngressCertificate | undefined> {
  const { exposed, name } = service;
  if (exposed?.tls === undefined) return undefined;
  const { tls } = exposed;
  const holder = containers.find(
    (container) => container.service === name && container.form?.settings.tls !== undefined,
  );
  const held = holder === undefined ? undefined : await readHeld(engine, holder.id, signal);
  const keep = (pair: Pair) => ({ state: holder?.form?.settings.tls?.state ?? "", make: async () => ({ pair }) });
  const anew = (make: IngressCertificate["make"]) => ({ state: randomBytes(4).toString("hex"), make });
  if (tls !== true) {
    const isKnown = certificateSecrets(exposed).every((secret) => own(places.secrets, secret) !== undefined);
    if (!isKnown) return held === undefined ? anew(async () => ({ pair: readPair(name, tls, places) })) : keep(held);
    const pair = readPair(name, tls, places);
    return held?.cert === pair.cert && held.key === pair.key ? keep(held) : anew(async () => ({ pair }));
  }
  const hosts = [...OWN_HOSTS, ...hostnamesOf(exposed).filter(isBelowLocalhost)];
  if (held !== undefined && isCurrent(places.authority, held.cert, hosts)) return keep(held);
  return anew(async () => {
    const { cert, key } = await (await Authority.open(places.authority)).issue(hosts);
    return { pair: { cert, key }, advice: `${name}: ${toAdvice(places.authority)}` };
  });
}

async function readHeld(engine: Engine, container: string, signal: AbortSignal): Promise<Pair | undefined> {
  const text = await readContainerFile(engine, container, `${INGRESS_FOLDER}/${CERTIFICATE_FILE}`, signal);
  return text === undefined ? undefined : (JSON.parse(text) as Pair);
}
