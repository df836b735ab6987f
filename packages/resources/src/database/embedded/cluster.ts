import { execFile } from "node:child_process";
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { HadronError } from "@hadron/core/spi";
import type { Binaries } from "./binaries.ts";

/** PostgreSQL refuses to run as root: there it runs as nobody. */
const NOBODY = 65_534;

/** Whom the server runs as; empty: as this process. */
export const SERVER_USER: { readonly uid: number; readonly gid: number } | undefined =
  process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;

/**
 * Gives a folder to the server: its own, and nobody else's to look into.
 */
export async function giveToServer(folder: string): Promise<void> {
  if (SERVER_USER !== undefined) await chown(folder, SERVER_USER.uid, SERVER_USER.gid);
}

/**
 * Makes the files of a server where there are none. An empty server is made once for each version on a machine, and copied:
 * that takes a tenth of the time. FAILED_PRECONDITION where what is there was made by another version.
 */
export async function ensureCluster(folder: string, binaries: Binaries): Promise<void> {
  await openWay(folder);
  const version = (await run(binaries.postgres, ["--version"])).match(/(\d+)[\d.]*\s*$/)?.[1] ?? "";
  const found = await readFile(join(folder, "PG_VERSION"), "utf8").catch(() => undefined);
  if (found !== undefined) {
    if (found.trim() === version) return;
    throw new HadronError(
      "FAILED_PRECONDITION",
      `${folder} holds data of PostgreSQL ${found.trim()}, and ${binaries.name} is ${version}: install ${binaries.name}@^${found.trim()}.0.0-0, or move the data with pg_dump. Nothing was changed.`,
    );
  }
  await copyWhole(await emptyCluster(binaries, version), folder);
}

/** The app's own folders above a server's data: the replica's, the app's, and that of all apps. */
const OWN_FOLDERS = 3;

/**
 * Lets the server's user get to a folder, where that is another than ours: the app's own folders may be gone through, and
 * still not be listed. FAILED_PRECONDITION where one further up is closed.
 */
async function openWay(folder: string): Promise<void> {
  if (SERVER_USER === undefined) return;
  let level = 0;
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    const { mode, uid } = await stat(at);
    if ((mode & 0o001) === 0) {
      if (level >= OWN_FOLDERS || uid !== process.getuid?.()) {
        throw new HadronError(
          "FAILED_PRECONDITION",
          `PostgreSQL does not run as root, and nobody, as whom it runs instead, cannot get to ${folder}: let all enter ${at} (chmod o+x), say another place (--data-dir), or do not run this as root.`,
        );
      }
      await chmod(at, (mode & 0o777) | 0o001);
    }
    level++;
  }
}

/** An empty server of this version, made where there is none yet. */
async function emptyCluster(binaries: Binaries, version: string): Promise<string> {
  const { mtimeMs, size } = await stat(binaries.postgres);
  const cache = await ownFolder(join(tmpdir(), `hadron-postgres-${process.getuid?.() ?? "user"}`));
  const made = join(cache, `${version}-${size}-${Math.floor(mtimeMs)}`);
  if (await exists(join(made, "PG_VERSION"))) return made;
  const making = await mkdtemp(join(cache, "making-"));
  await giveToServer(making);
  await run(binaries.initdb, [
    `--pgdata=${making}`,
    "--username=postgres",
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--locale=C.UTF-8",
    "--no-sync",
    "--no-instructions",
  ]);
  // Another process may have been quicker: its is as good.
  await rename(making, made).catch(() => rm(making, { recursive: true, force: true }));
  return made;
}

/** Whole or not at all: half a server would be taken for one. */
async function copyWhole(from: string, to: string): Promise<void> {
  const copy = await mkdtemp(`${to}.copy-`);
  await cp(from, copy, { recursive: true });
  await Promise.all([giveAll(copy), rm(to, { recursive: true, force: true })]);
  await rename(copy, to);
}

async function giveAll(folder: string): Promise<void> {
  if (SERVER_USER === undefined) return;
  await promisify(execFile)("chown", ["-R", `${SERVER_USER.uid}:${SERVER_USER.gid}`, folder]);
}

/** A folder in the machine's temporary one that is this user's alone. */
async function ownFolder(path: string): Promise<string> {
  await mkdir(path, { mode: 0o711 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const { uid } = await stat(path);
  if (uid === (process.getuid?.() ?? uid)) return path;
  return mkdtemp(`${path}-`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function run(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      ...SERVER_USER,
      env: { PATH: process.env.PATH, LC_ALL: "C" },
    });
    return stdout;
  } catch (cause) {
    const { stderr = "" } = cause as { stderr?: string };
    const why = stderr.trim() || (cause as Error).message;
    throw new HadronError("RUNNER_FAILED", `${basename(program)} failed: ${why}`, { cause });
  }
}
