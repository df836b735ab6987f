import { createHash, type KeyObject, sign, verify } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { HadronError } from "@hadron/core";
import { extract, pack } from "tar-stream";
import { checkRecord } from "./check-record.ts";

/*
 * A backup is a tar.gz: manifest.json, which has the SHA-256 of each of the other files; manifest.sig, its signature by ed25519;
 * records.json and kept.json, lists of keys and values; and blobs/, each under its digest.
 */

const FORMAT = 1;
const MOST_FILES = 200_000;

export interface Contents {
  readonly records: readonly (readonly [string, unknown])[];
  readonly kept: readonly (readonly [string, Uint8Array])[];
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly at: Date;
}

interface Manifest {
  readonly hadron: "platform";
  readonly format: number;
  readonly at: string;
  readonly files: Readonly<Record<string, string>>;
}

export async function packArchive({ records, kept, blobs, at }: Contents, key: KeyObject): Promise<Uint8Array> {
  const values = kept.map(([name, value]) => [name, Buffer.from(value).toString("base64")]);
  const files = new Map<string, Uint8Array>([
    ["records.json", Buffer.from(JSON.stringify(records))],
    ["kept.json", Buffer.from(JSON.stringify(values))],
    ...[...blobs].map(([digest, bytes]) => [`blobs/${digest}`, bytes] as const),
  ]);
  const digests = Object.fromEntries([...files].map(([name, bytes]) => [name, digestOf(bytes)]));
  const manifest: Manifest = { hadron: "platform", format: FORMAT, at: at.toISOString(), files: digests };
  const text = Buffer.from(JSON.stringify(manifest));
  const tar = pack();
  const entry = (name: string, bytes: Uint8Array) => tar.entry({ name, mode: 0o600, mtime: at }, Buffer.from(bytes));
  entry("manifest.json", text);
  entry("manifest.sig", sign(null, text, key));
  for (const [name, bytes] of files) entry(name, bytes);
  tar.finalize();
  return promisify(gzip)(await buffer(tar));
}

/**
 * Reads a backup whole. FAILED_PRECONDITION where the signature is not by this key, or anything in it is not what was signed; TOO_LARGE
 * where it unpacks to more than it may.
 */
export async function readArchive(
  bytes: Uint8Array,
  { key, mostBytes }: { readonly key: KeyObject; readonly mostBytes: number },
): Promise<Contents> {
  const files = await unpack(bytes, mostBytes);
  const take = (name: string): Buffer => {
    const found = files.get(name);
    files.delete(name);
    return found ?? refuse(`it has no ${name}`);
  };
  const text = take("manifest.json");
  if (!verify(null, text, key, take("manifest.sig"))) refuse("it is not signed by this key");
  const manifest = parse(text) as Manifest;
  if (manifest.hadron !== "platform" || manifest.format !== FORMAT) refuse("another version of Hadron wrote it");
  const signed = Object.entries(manifest.files);
  for (const [name, digest] of signed) {
    const found = files.get(name);
    if (found === undefined || digestOf(found) !== digest) refuse(`"${name}" is not what was signed`);
  }
  if (files.size !== signed.length) refuse("it has files that were not signed");
  const records = parse(take("records.json")) as [string, unknown][];
  const kept = (parse(take("kept.json")) as [string, string][]).map(
    ([name, value]) => [name, Buffer.from(value, "base64")] as const,
  );
  const blobs = new Map([...files].map(([name, blob]) => [name.slice("blobs/".length), blob]));
  for (const [digest, blob] of blobs) if (digestOf(blob) !== digest) refuse(`blobs/${digest} has another digest`);
  for (const [name, value] of records) checkRecord(name, value, blobs, refuse);
  return { records, kept, blobs, at: new Date(manifest.at) };
}

async function unpack(bytes: Uint8Array, mostBytes: number): Promise<Map<string, Buffer>> {
  const tar = await inflate(bytes, mostBytes);
  const files = new Map<string, Buffer>();
  const reader = extract();
  Readable.from([tar]).pipe(reader);
  try {
    for await (const entry of reader) {
      const { name, type } = entry.header;
      if (type !== "file") refuse(`"${name}" is a ${type}, and files alone may be in it`);
      if (!/^(manifest\.json|manifest\.sig|records\.json|kept\.json|blobs\/[0-9a-f]{64})$/.test(name)) {
        refuse(`"${name}" is no name of it`);
      }
      if (files.has(name) || files.size >= MOST_FILES) refuse(`"${name}" is there twice, or one too many`);
      files.set(name, await buffer(entry));
    }
  } catch (error) {
    if (error instanceof HadronError) throw error;
    refuse("it is no tar.gz, or cut off", error);
  }
  return files;
}

async function inflate(bytes: Uint8Array, mostBytes: number): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: mostBytes });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      throw new HadronError("TOO_LARGE", `The backup unpacks to more than ${mostBytes} bytes: nothing was imported.`, {
        cause,
      });
    }
    return refuse("it is no tar.gz, or cut off", cause);
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch (cause) {
    return refuse("it has what is no JSON", cause);
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function refuse(why: string, cause?: unknown): never {
  throw new HadronError("FAILED_PRECONDITION", `The backup is refused: ${why}. Nothing was imported.`, { cause });
}
