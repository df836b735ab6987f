import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type AppData, CAPTURES_FILE, replicaName } from "@hadron/core/spi";
import { type AppDataPlace, IGNORE_FILE, makeAppFolder } from "./app-data.ts";
import { SECRETS_FILE } from "./secrets.ts";

/**
 * The folder in which a replica keeps what it stores; made where it is not there, and moved here from where earlier versions
 * kept it, which `tell` is told. It stays when the app ends, and when it is deleted, unless its data is.
 */
export function makeStorage(
  place: AppDataPlace,
  service: string,
  ordinal: number,
  tell: (text: string) => void = () => {},
): string {
  const name = replicaName(service, ordinal);
  const folder = join(place.folder, name);
  if (existsSync(folder)) return folder;
  makeAppFolder(place);
  const former = join(place.former, name);
  if (former !== folder && existsSync(former)) {
    move(former, folder);
    tell(`What ${name} stored was moved from ${former} to ${folder}.`);
  } else {
    mkdirSync(folder, { mode: 0o700 });
  }
  return folder;
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
    // On another disk: it is whole under its name before the old one goes.
    const part = `${to}.part`;
    rmSync(part, { recursive: true, force: true });
    cpSync(from, part, { recursive: true, preserveTimestamps: true });
    renameSync(part, to);
    rmSync(from, { recursive: true });
  }
}

/** Removes all data of an app, also what lies where earlier versions kept it. */
export function removeStorage({ folder, former, ignored }: AppDataPlace): void {
  for (const path of [folder, former]) rmSync(path, { recursive: true, force: true });
  // Of the folder beside the app file nothing stays when the last app has left it.
  if (ignored === undefined || !existsSync(ignored)) return;
  if (readdirSync(ignored).every((name) => name === IGNORE_FILE)) rmSync(ignored, { recursive: true });
}

/** What the replicas of an app stored, a folder each, and the file of the secrets that were made for it. */
export async function listStorage({ folder, former }: AppDataPlace): Promise<readonly AppData[]> {
  const folders = folder === former ? [folder] : [folder, former];
  const entries = await Promise.all(
    folders.map(async (of) => (await entriesOf(of)).sort().map((name) => ({ name, path: join(of, name) }))),
  );
  return Promise.all(
    entries.flat().map(async ({ name, path }) => ({
      ...(name === SECRETS_FILE || name === CAPTURES_FILE
        ? { kind: "file", service: null }
        : { kind: "folder", service: name.replace(/\.\d+$/, "") }),
      name: path,
      bytes: await sizeOf(path),
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
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
