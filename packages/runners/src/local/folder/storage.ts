import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replicaName } from "@hadron/core/spi";

/**
 * The folder in which a shard keeps what it stores; made where it is not there. It stays when the app ends, as a volume
 * does, and goes when the app is deleted.
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
