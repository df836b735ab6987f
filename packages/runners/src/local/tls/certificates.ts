import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { type Certificate, type Expose, HadronError } from "@hadron/core/spi";
import { Authority } from "./authority.ts";

/** Files that are there already are asked for again so often. */
const LOOK_AGAIN_MS = 1000;
const FOR_EVER_MS = 2 ** 31 - 1;

/** The names of this machine that every client knows; whoever asks for an address gets these. */
const OWN = ["localhost", "127.0.0.1", "::1"];

/** What an exposed service shows of itself to callers who come over TLS. */
export interface Certificates {
  find(host: string | undefined): Promise<Certificate | null>;
  /** How to trust it; undefined where that is known to whoever made it. */
  readonly advice: string | undefined;
  close(): void;
}

/** What they are made of. */
export interface CertificatesOptions {
  /** Where the user's own authority is kept. */
  readonly authority: string;
  /** Where the app file lies. */
  readonly appFolder: string;
  /** They are others now. */
  readonly changed: () => void;
  /** Files that cannot be used stay unused, and why is told. */
  readonly failed: (why: string) => void;
}

/** RUNNER_FAILED where files cannot be read, or do not fit. */
export async function openCertificates(
  service: string,
  tls: NonNullable<Expose["tls"]>,
  options: CertificatesOptions,
): Promise<Certificates> {
  return typeof tls === "boolean"
    ? ofAuthority(await Authority.open(options.authority))
    : ofFiles(service, tls, options);
}

function ofAuthority(authority: Authority): Certificates {
  const issued = new Map<string, { readonly certificate: Promise<Certificate>; readonly until: number }>();
  return {
    advice: `Its certificate is of your own authority, for this machine's names alone. To trust it: ${toAdvice(authority.path)}`,
    async find(host) {
      if (
        host !== undefined &&
        host !== "localhost" &&
        !/^(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.)+localhost$/.test(host)
      ) {
        return null;
      }
      const hosts = host === undefined || host === "localhost" ? OWN : [host];
      const [first = ""] = hosts;
      const known = issued.get(first);
      if (known !== undefined && performance.now() < known.until) return known.certificate;
      const certificate = authority.issue(hosts, (name) => isIP(name) !== 0);
      const until = performance.now() + (await certificate).goodForMs;
      issued.set(first, { certificate, until });
      return certificate;
    },
    close() {},
  };
}

function toAdvice(path: string): string {
  if (process.platform === "darwin")
    return `security add-trusted-cert -k ~/Library/Keychains/login.keychain-db '${path}'`;
  return `curl --cacert '${path}'; NODE_EXTRA_CA_CERTS='${path}'; browsers import that file as an authority for websites`;
}

function ofFiles(
  service: string,
  tls: { readonly cert: string; readonly key: string },
  { appFolder, changed, failed }: CertificatesOptions,
): Certificates {
  const paths = { cert: resolve(appFolder, tls.cert), key: resolve(appFolder, tls.key) };
  let now = readPair(service, paths);
  const look = () => {
    try {
      const next = readPair(service, paths);
      if (next.cert === now.cert && next.key === now.key) return;
      now = next;
      changed();
    } catch (error) {
      // One of the two may not be there yet.
      failed(`${(error as Error).message} What was there before is shown on.`);
    }
  };
  for (const path of Object.values(paths)) watchFile(path, { interval: LOOK_AGAIN_MS }, look).unref();
  return {
    advice: undefined,
    find: async () => now,
    close() {
      for (const path of Object.values(paths)) unwatchFile(path, look);
    },
  };
}

function readPair(service: string, paths: { readonly cert: string; readonly key: string }): Certificate {
  const { createSecureContext } = process.getBuiltinModule("node:tls");
  try {
    const [cert, key] = [readFileSync(paths.cert, "utf8"), readFileSync(paths.key, "utf8")];
    createSecureContext({ cert, key });
    return { cert, key, goodForMs: FOR_EVER_MS };
  } catch (cause) {
    const why = (cause as Error).message;
    const text = `"${service}" cannot be exposed over TLS with ${paths.cert} and ${paths.key}: ${why}.`;
    throw new HadronError("RUNNER_FAILED", text, { cause });
  }
}
