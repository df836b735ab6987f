import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type CertificateSource, type Expose, HadronError, own } from "@hadron/core/spi";

/** What a host shows of itself, and its key, in PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** Where each of the two is found. */
export type PairSources = Exclude<NonNullable<Expose["tls"]>, true>;

/** What their places are seen from. */
export interface PairPlaces {
  /** Where the app file lies. */
  readonly appFolder: string;
  /** What a secret is, by its name, where that is known. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The path of a file; undefined of what is a secret. */
export function pathOf(source: CertificateSource, { appFolder }: PairPlaces): string | undefined {
  return typeof source === "string" ? resolve(appFolder, source) : undefined;
}

/** Reads both. RUNNER_FAILED, naming them and nothing that is in them, where one is not there or they do not fit. */
export function readPair(service: string, sources: PairSources, places: PairPlaces): Pair {
  const { createSecureContext } = process.getBuiltinModule("node:tls");
  const read = (source: CertificateSource): string => {
    if (typeof source === "string") return readFileSync(resolve(places.appFolder, source), "utf8");
    const value = own(places.secrets, source.secret);
    if (value === undefined) throw new Error(`${source.secret} is not in the environment of whoever deploys`);
    return value;
  };
  try {
    const pair = { cert: read(sources.cert), key: read(sources.key) };
    createSecureContext(pair);
    return pair;
  } catch (cause) {
    const [cert, key] = [sources.cert, sources.key].map(
      (source) => pathOf(source, places) ?? `secret ${toName(source)}`,
    );
    const text = `"${service}" cannot be exposed over TLS with ${cert} and ${key}: ${(cause as Error).message}.`;
    throw new HadronError("RUNNER_FAILED", text, { cause });
  }
}

function toName(source: CertificateSource): string {
  return typeof source === "string" ? source : source.secret;
}
