import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type SourceMap, toLines } from "../bundle/index.ts";
import type { Layout, TakenFile } from "./layout.ts";

export interface StageOptions {
  /** The user's folder for what may be made again. */
  readonly cache: string;
  readonly app: string;
}

/** So many that nobody uses are kept, for who goes back to what was. */
const KEPT = 3;
/** Own files above this are linked, not copied. */
const LARGE_BYTES = 16 * 1024 * 1024;

/** Where a user's programs keep what may be made again (XDG Base Directory Specification; macOS has its own place). */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const home = env.HOME ?? tmpdir();
  const all = process.platform === "darwin" ? join(home, "Library/Caches") : join(home, ".cache");
  return join(env.XDG_CACHE_HOME ?? all, "hadron");
}

/**
 * Lays a layout out in a folder of its own, apart from the app's, and returns that; where it was laid out before, that costs
 * nothing. Packages are hard links, where the file system lets us. The app's own files are copies: whoever saves one in place would
 * change it under a replica that runs.
 *
 * It stays for the next time, and as long as this process lives.
 */
export function stage(layout: Layout, { cache, app }: StageOptions): string {
  const key = createHash("sha256").update(`${layout.hash} ${layout.appFolder}`).digest("hex").slice(0, 16);
  const all = join(cache, "layouts", app);
  const folder = join(all, key);
  mkdirSync(join(all, `${key}.users`), { recursive: true });
  writeFileSync(join(all, `${key}.users`, String(process.pid)), "");
  if (existsSync(folder)) {
    const now = new Date();
    utimesSync(folder, now, now);
    return folder;
  }
  const making = join(all, `${key}.${process.pid}`);
  try {
    layOut(layout, making);
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    // Another process was faster, and its is the same.
    if (!existsSync(folder)) throw error;
  }
  removeOld(all, key);
  return folder;
}

function layOut({ entries, maps, appFolder }: Layout, to: string): void {
  for (const folder of new Set(entries.map(({ path }) => dirname(join(to, path)))))
    mkdirSync(folder, { recursive: true });
  for (const entry of entries) {
    const path = join(to, entry.path);
    if (entry.kind === "link") symlinkSync(entry.target, path);
    else if (entry.kind === "taken") put(entry, path);
    else {
      const map = maps.get(entry.path);
      writeFileSync(path, map === undefined ? entry.content : withMap(entry.content, entry.path));
      if (map !== undefined) writeMap(path, entry.content, map, appFolder);
    }
  }
  if (!existsSync(join(to, "files"))) mkdirSync(join(to, "files"));
}

function put({ source, layer, bytes }: TakenFile, path: string): void {
  if (layer === "packages" || bytes > LARGE_BYTES) {
    try {
      linkSync(source, path);
      return;
    } catch {
      // Another file system, or a file of somebody else's.
    }
  }
  copyFileSync(source, path);
}

/** For stack traces and debuggers: both lead to the sources where they are, and not to where they would be here. */
function writeMap(path: string, code: Uint8Array, map: Uint8Array, appFolder: string): void {
  const parsed = JSON.parse(Buffer.from(map).toString("utf8")) as SourceMap;
  writeFileSync(
    `${path}.lines`,
    toLines(code, parsed, (source) => resolve(appFolder, source)),
  );
  // Put in front, since writing a map of megabytes anew would take longer.
  const sourceRoot = `{"sourceRoot":${JSON.stringify(`${pathToFileURL(appFolder).href}/`)},`;
  writeFileSync(`${path}.map`, Buffer.concat([Buffer.from(sourceRoot), map.subarray(1)]));
}

function withMap(code: Uint8Array, path: string): Uint8Array {
  return Buffer.concat([code, Buffer.from(`//# sourceMappingURL=${path}.map\n`)]);
}

/**
 * Where Node keeps what it compiled of a staged layout: a replica that starts again, or as the next, has the code in a third of
 * the time. Beside the layout, which stays as it is.
 */
export function compiledFolder(staged: string): string {
  return `${staged}.compiled`;
}

/** Removes what was laid out for an app before, but the last few, and what a living process runs from. */
function removeOld(all: string, key: string): void {
  const found = readdirSync(all)
    .filter((name) => /^[0-9a-f]{16}$/.test(name) && name !== key)
    .map((name) => ({ name, time: statSync(join(all, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { name } of found.slice(KEPT)) {
    const users = join(all, `${name}.users`);
    if (existsSync(users) && readdirSync(users).some((pid) => isAlive(Number(pid)))) continue;
    rmSync(join(all, name), { recursive: true, force: true });
    rmSync(users, { recursive: true, force: true });
    rmSync(compiledFolder(join(all, name)), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
