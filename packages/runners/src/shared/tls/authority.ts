import { randomBytes, webcrypto, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { homedir, hostname, userInfo } from "node:os";
import { join } from "node:path";
import { localConstraints } from "./name-constraints.ts";
import type { Pair } from "./pair.ts";

const DAY_MS = 86_400_000;
/** Of the authority itself. */
const AUTHORITY_DAYS = 3650;
/** Of what it issues. */
const HOST_DAYS = 90;
/** What is good for less is issued anew. */
const RENEW_MS = 30 * DAY_MS;
/** Clocks differ. */
const SKEW_MS = DAY_MS;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

const FILE = "authority.pem";

type Library = typeof import("@peculiar/x509");

/** What an authority has issued. */
export interface Issued extends Pair {
  /** Until it is to be issued anew. */
  readonly goodForMs: number;
}

/** The folder of what a user's own authority keeps. */
export function authorityFolder(env: Readonly<Record<string, string | undefined>>): string {
  const home = env.HOME ?? homedir();
  const all = process.platform === "darwin" ? join(home, "Library/Application Support") : join(home, ".local/state");
  return join(env.XDG_STATE_HOME ?? all, "hadron", "tls");
}

/**
 * A user's own authority: made once, kept in a folder that nobody else can read. It can speak for names of this machine alone
 * (`localhost`, what is below it, loopback addresses), so that whoever trusts it need not fear for other names.
 */
export class Authority {
  readonly #library: Library;
  readonly #certificate: InstanceType<Library["X509Certificate"]>;
  readonly #key: webcrypto.CryptoKey;

  private constructor(library: Library, cert: string, key: webcrypto.CryptoKey) {
    this.#library = library;
    this.#certificate = new library.X509Certificate(cert);
    this.#key = key;
  }

  /** Opens the one in a folder, or makes it there. */
  static async open(folder: string): Promise<Authority> {
    // The library's own dependency asks for it, of whoever loads it.
    await import("reflect-metadata");
    const library = await import("@peculiar/x509");
    const path = join(folder, FILE);
    if (!existsSync(path)) await create(library, folder, path);
    const text = readFileSync(path, "utf8");
    const pem = readFileSync(join(folder, "authority.key"), "utf8");
    const key = await webcrypto.subtle.importKey("pkcs8", library.PemConverter.decodeFirst(pem), ALGORITHM, false, [
      "sign",
    ]);
    return new Authority(library, text, key);
  }

  /** Issues a certificate for names and addresses. */
  async issue(hosts: readonly string[]): Promise<Issued> {
    const { X509CertificateGenerator, ExtendedKeyUsageExtension, KeyUsagesExtension, KeyUsageFlags, ...more } =
      this.#library;
    const keys = await generateKeys();
    const now = Date.now();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial(),
      issuer: this.#certificate.subject,
      subject: `CN=${hosts[0]}`,
      notBefore: new Date(now - SKEW_MS),
      notAfter: new Date(now + HOST_DAYS * DAY_MS),
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new more.BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([more.ExtendedKeyUsage.serverAuth]),
        new more.SubjectAlternativeNameExtension(
          hosts.map((value) => ({ type: isIP(value) !== 0 ? ("ip" as const) : ("dns" as const), value })),
        ),
        await more.AuthorityKeyIdentifierExtension.create(this.#certificate),
        await more.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const cert = `${certificate.toString("pem")}\n`;
    return { cert, key: await toPem(this.#library, keys.privateKey), goodForMs: HOST_DAYS * DAY_MS - RENEW_MS };
  }
}

/** How to trust it, in words. */
export function toAdvice(folder: string): string {
  const path = join(folder, FILE);
  const how =
    process.platform === "darwin"
      ? `security add-trusted-cert -k ~/Library/Keychains/login.keychain-db '${path}'`
      : `curl --cacert '${path}'; NODE_EXTRA_CA_CERTS='${path}'; browsers import that file as an authority for websites`;
  return `Its certificate is of your own authority, for this machine's names alone. To trust it: ${how}`;
}

/** Whether a certificate is of the authority in a folder, for these hosts, and need not be issued anew yet. Makes none. */
export function isCurrent(folder: string, cert: string, hosts: readonly string[]): boolean {
  const path = join(folder, FILE);
  if (!existsSync(path)) return false;
  try {
    const certificate = new X509Certificate(cert);
    const speaks = (host: string) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host));
    return (
      certificate.verify(new X509Certificate(readFileSync(path)).publicKey) &&
      Date.parse(certificate.validTo) - Date.now() > RENEW_MS &&
      hosts.every((host) => speaks(host) !== undefined)
    );
  } catch {
    return false;
  }
}

async function create(library: Library, folder: string, path: string): Promise<void> {
  const keys = await generateKeys();
  const now = Date.now();
  const certificate = await library.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ O: ["Hadron"] }, { CN: [`Hadron on ${hostname()} for ${userInfo().username}`] }],
    notBefore: new Date(now - SKEW_MS),
    notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new library.BasicConstraintsExtension(true, 0, true),
      new library.KeyUsagesExtension(library.KeyUsageFlags.keyCertSign | library.KeyUsageFlags.cRLSign, true),
      new library.Extension("2.5.29.30", true, localConstraints()),
      await library.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  write(join(folder, "authority.key"), await toPem(library, keys.privateKey), 0o600);
  // Last: whoever finds it finds the key, too.
  write(path, `${certificate.toString("pem")}\n`, 0o644);
}

function write(path: string, text: string, mode: number): void {
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, text, { mode });
  renameSync(beside, path);
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<webcrypto.CryptoKeyPair>;
}

async function toPem(library: Library, key: webcrypto.CryptoKey): Promise<string> {
  return `${library.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

/** Positive, and never the same. */
function serial(): string {
  return `01${randomBytes(15).toString("hex")}`;
}
