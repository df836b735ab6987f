import { mkdirSync, rmSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type AppData, replicaName } from "@hadron/core/spi";

/**
 * The folder in which a shard keeps what it stores; made where it is not there. It stays when the app ends, and when it is
 * deleted, unless its data is.
 */
export function makeStorage(data: string, app: string, service: string, ordinal: number): string {
  const folder = join(data, app, replicaName(service, ordinal));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Removes what all shards of an app stored. */
export function removeStorage(data: string, app: string): void {
  rmSync(join(data, app), { recursive: true, force: true });
}

/** What the shards of an app stored, a folder each. */
export async function listStorage(data: string, app: string): Promise<readonly AppData[]> {
  const names = await entriesOf(join(data, app));
  return Promise.all(
    names.sort().map(async (name) => ({
      kind: "folder",
      name: join(data, app, name),
      service: name.replace(/\.\d+$/, ""),
      bytes: await sizeOf(join(data, app, name)),
    })),
  );
}

async function sizeOf(path: string): Promise<number> {
  const info = await stat(path);
  if (!info.isDirectory()) return info.size;
  const names = await entriesOf(path);
  const sizes = await Promise.all(names.map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
