import { unwatchFile, watchFile } from "node:fs";
import type { Certificate, Expose } from "@hadron/core/spi";
import { Authority, toAdvice } from "../../shared/tls/authority.ts";
import { isBelowLocalhost, OWN_HOSTS } from "../../shared/tls/own-hosts.ts";
import { type PairPlaces, type PairSources, pathOf, readPair } from "../../shared/tls/pair.ts";

/** Files that are there already are asked for again so often. */
const LOOK_AGAIN_MS = 1000;
const FOR_EVER_MS = 2 ** 31 - 1;
/** Names whose certificates are kept; of more, those that were not asked for the longest are issued anew. */
const MOST_NAMES = 1000;

/** What an exposed service shows of itself to callers who come over TLS. */
export interface Certificates {
  find(host: string | undefined): Promise<Certificate | null>;
  /** How to trust it; undefined where that is known to whoever made it. */
  readonly advice: string | undefined;
  close(): void;
}

/** What they are made of. */
export interface CertificatesOptions extends PairPlaces {
  /** Where the user's own authority is kept. */
  readonly authority: string;
  /** They are others now. */
  readonly changed: () => void;
  /** Files that cannot be used stay unused, and why is told. */
  readonly failed: (why: string) => void;
}

/** RUNNER_FAILED where what they are made of cannot be read, or does not fit. */
export async function openCertificates(
  service: string,
  tls: NonNullable<Expose["tls"]>,
  options: CertificatesOptions,
): Promise<Certificates> {
  if (tls !== true) return ofSources(service, tls, options);
  const authority = await Authority.open(options.authority);
  return { advice: toAdvice(options.authority), find: findBy(authority), close() {} };
}

/** One certificate for this machine, and one for each name below it that is asked for. */
export function findBy(authority: Pick<Authority, "issue">, most = MOST_NAMES): Certificates["find"] {
  // In the order in which they were asked for last.
  const issued = new Map<string, { readonly certificate: Promise<Certificate>; readonly until: number }>();
  return async (host = "localhost") => {
    if (host !== "localhost" && !isBelowLocalhost(host)) return null;
    const known = issued.get(host);
    issued.delete(host);
    const isGood = known !== undefined && performance.now() < known.until;
    const certificate = isGood ? known.certificate : authority.issue(host === "localhost" ? OWN_HOSTS : [host]);
    const until = isGood ? known.until : performance.now() + (await certificate).goodForMs;
    issued.set(host, { certificate, until });
    const [oldest] = issued.keys();
    if (issued.size > most && oldest !== undefined) issued.delete(oldest);
    return certificate;
  };
}

function ofSources(service: string, tls: PairSources, options: CertificatesOptions): Certificates {
  const paths = [tls.cert, tls.key].flatMap((source) => pathOf(source, options) ?? []);
  let now = readPair(service, tls, options);
  const look = () => {
    try {
      const next = readPair(service, tls, options);
      if (next.cert === now.cert && next.key === now.key) return;
      now = next;
      options.changed();
    } catch (error) {
      // One of the two may not be there yet.
      options.failed(`${(error as Error).message} What was there before is shown on.`);
    }
  };
  for (const path of paths) watchFile(path, { interval: LOOK_AGAIN_MS }, look).unref();
  return {
    advice: undefined,
    find: async () => ({ ...now, goodForMs: FOR_EVER_MS }),
    close() {
      for (const path of paths) unwatchFile(path, look);
    },
  };
}
