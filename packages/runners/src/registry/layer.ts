import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type TarEntry, toTar } from "../shared/tar.ts";

/** One layer of an image: what is sent, its digest, and the digest of what it unpacks to. */
export interface Layer {
  readonly content: Uint8Array;
  readonly digest: string;
  readonly diffId: string;
}

const compress = promisify(gzip);
// A byte of gzip's header tells on which system it was made; the same files must give the same layer on all.
const OS_BYTE = 9;
const OS_UNKNOWN = 255;

/** Packs files as a layer. The same files give the same digests on every machine. */
export async function toLayer(entries: readonly TarEntry[]): Promise<Layer> {
  const tar = toTar(entries);
  const content = await compress(tar, { level: 6 });
  content[OS_BYTE] = OS_UNKNOWN;
  return { content, digest: sha256(content), diffId: sha256(tar) };
}

/** A digest as registries write it. */
export function sha256(content: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
