import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { HadronError, isHadronError } from "@hadron/core";
import type { KeyValue } from "@hadron/resources";
import { COPIED } from "../kept/records.ts";
import type { Registry } from "../kept/registry.ts";
import { packArchive, readArchive } from "./archive.ts";

/** Written to meanwhile, it is read again, so often. */
const MOST_LOOKS = 20;
/** After so many guests are asked to wait with what they keep, for so long at most. */
const PATIENT_LOOKS = 3;
const PAUSE_MS = 5_000;
const BATCH = 50;
/** An import whose replica died keeps others away no longer than this. */
const IMPORT_MS = 600_000;

export interface BackupParts {
  readonly registry: Registry;
  /** What guests keep. */
  readonly kept: KeyValue<unknown>;
  readonly now: () => number;
  /** What a backup may unpack to. */
  readonly mostBytes: number;
}

interface Scan {
  readonly records: readonly (readonly [string, unknown])[];
  readonly kept: readonly (readonly [string, Uint8Array])[];
  /** The same for two scans between which nothing was written. */
  readonly mark: string;
}

/** Copies of a platform: all that it was given, and what its guests keep. Tokens and keys are not in them. */
export class Backup {
  readonly #parts: BackupParts;

  constructor(parts: BackupParts) {
    this.#parts = parts;
  }

  /** By which a backup of this platform is known to be its own. */
  async publicKey(): Promise<string> {
    return toText(createPublicKey(await this.#privateKey()));
  }

  /**
   * A copy as of one moment, while the platform works: what is there is read until two readings are the same, so that nothing was
   * written between them. ABORTED where something always was.
   */
  async export(): Promise<Uint8Array> {
    const { records, kept } = await this.#still();
    const blobs = new Map<string, Uint8Array>();
    for (const [key] of records) {
      if (!key.startsWith("blob/")) continue;
      const digest = key.slice("blob/".length);
      blobs.set(digest, await this.#parts.registry.bytes(digest));
    }
    const key = await this.#privateKey();
    return packArchive({ records, kept, blobs, at: new Date(this.#parts.now()) }, key);
  }

  /**
   * Fills a platform that is empty. All is checked before anything is written: FAILED_PRECONDITION where the platform is not empty, the
   * signature is not by this key, or anything is not as it was signed.
   *
   * @param key The public key of the platform that was exported.
   */
  async import(bytes: Uint8Array, key: string | undefined) {
    if (key === undefined) {
      throw new HadronError("INVALID_INPUT", "Whose backup is it? Say its platform's key: X-Hadron-Key, or --key.");
    }
    const { records, kept, blobs, at } = await readArchive(bytes, {
      key: fromText(key),
      mostBytes: this.#parts.mostBytes,
    });
    const { registry } = this.#parts;
    if (!(await registry.add("own/", "import", true, { ttlMs: IMPORT_MS }))) {
      throw new HadronError(
        "FAILED_PRECONDITION",
        "Another import is under way, or was broken off: nothing was imported.",
      );
    }
    try {
      await this.#checkEmpty();
      await this.#fill(records, kept, blobs);
    } finally {
      await registry.delete("own/", "import");
    }
    return { at, records: records.length, values: kept.length, blobs: blobs.size };
  }

  async #fill(
    records: readonly (readonly [string, unknown])[],
    kept: readonly (readonly [string, Uint8Array])[],
    blobs: ReadonlyMap<string, Uint8Array>,
  ): Promise<void> {
    const { registry } = this.#parts;
    // Nothing leads to these before the records are there.
    for (const [digest, blob] of blobs) await registry.blobs.put(digest, blob);
    try {
      for (const [key, value] of kept) await this.#parts.kept.set(key, value);
      const entries = records.map(([key, value]) => ({ key, value }));
      const now = this.#parts.now();
      for (const [key] of records) {
        if (key.startsWith("schedule/")) entries.push({ key: key.replace("schedule/", "done/"), value: { at: now } });
      }
      for (let at = 0; at < entries.length; at += BATCH) await registry.store.setMany(entries.slice(at, at + BATCH));
      await registry.load();
    } catch (error) {
      for (const [key] of records) await registry.store.delete(key).catch(() => {});
      for (const [key] of kept) await this.#parts.kept.delete(key).catch(() => {});
      throw error;
    }
  }

  async #checkEmpty(): Promise<void> {
    const { records, kept } = await this.#scan();
    if (records.length + kept.length === 0) return;
    throw new HadronError(
      "FAILED_PRECONDITION",
      `The platform is not empty: it has ${records.length} records and ${kept.length} values. Import into a new one; nothing was imported.`,
    );
  }

  async #still(): Promise<Scan> {
    let last = await this.#scan();
    try {
      for (let look = 0; look < MOST_LOOKS; look++) {
        // That they wait is a courtesy: a moment is one only where two readings say so.
        if (look === PATIENT_LOOKS)
          await this.#parts.registry.set("own/", "pause", { until: this.#parts.now() + PAUSE_MS });
        const next = await this.#scan();
        if (next.mark === last.mark) return next;
        last = next;
      }
    } finally {
      await this.#parts.registry.delete("own/", "pause");
    }
    throw new HadronError("ABORTED", "The platform is written to all the time: no moment could be copied. Try again.");
  }

  async #scan(): Promise<Scan> {
    const hash = createHash("sha256");
    const records: (readonly [string, unknown])[] = [];
    for (const prefix of COPIED) {
      for await (const { key, value, version } of this.#parts.registry.store.list({ prefix })) {
        records.push([key, value]);
        hash.update(`${JSON.stringify(key)} ${version}\n`);
      }
    }
    const kept: (readonly [string, Uint8Array])[] = [];
    for await (const { key, value, version } of this.#parts.kept.list()) {
      kept.push([key, value instanceof Uint8Array ? value : new Uint8Array()]);
      hash.update(`kept ${JSON.stringify(key)} ${version}\n`);
    }
    return { records, kept, mark: hash.digest("hex") };
  }

  /** Made when it is first wanted, by whichever replica, and kept. */
  async #privateKey(): Promise<KeyObject> {
    const { registry } = this.#parts;
    const known = await registry.get("own/", "key");
    if (typeof known === "string") return createPrivateKey(known);
    const made = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    await registry.add("own/", "key", made);
    return createPrivateKey((await registry.get("own/", "key")) as string);
  }
}

function toText(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).toString("base64url");
}

function fromText(text: string): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(text, "base64url"), type: "spki", format: "der" });
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch (error) {
    if (isHadronError(error)) throw error;
  }
  throw new HadronError(
    "INVALID_INPUT",
    "The key is none: it is what `hadron cluster status` of the exported platform shows.",
  );
}
