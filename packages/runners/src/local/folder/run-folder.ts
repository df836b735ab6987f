import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { HadronError, systemCode } from "@hadron/core/spi";
import { makeRuntimeFolder } from "./paths.ts";

/**
 * The folder of one deployment: its control socket, its replicas' sockets, its bundle.
 *
 * Its name is random and short, so that the paths of its sockets are, and so that the watchdog of a deployment that was
 * killed cannot remove the folder of the next. `RUNTIME/APP` is a symbolic link to it: whoever makes the link has the app.
 */
export interface RunFolder {
  readonly path: string;
  readonly link: string;
}

export const CONTROL_SOCKET = "control.sock";

export function createRunFolder(runtime: string, app: string): RunFolder {
  makeRuntimeFolder(runtime);
  const path = join(runtime, `.${randomBytes(4).toString("hex")}`);
  mkdirSync(path, { mode: 0o700 });
  return { path, link: join(runtime, app) };
}

/** Takes the app's name for this folder. Returns the folder that has it already, if there is one. */
export function claimName({ path, link }: RunFolder): string | undefined {
  try {
    symlinkSync(basename(path), link);
    return undefined;
  } catch (cause) {
    if (systemCode(cause) !== "EEXIST") throw cause;
    const holder = folderOf(link);
    if (holder !== undefined) return holder;
    throw new HadronError(
      "RUNNER_FAILED",
      `${link} is in the way: it is not a link that this runner made. Delete it.`,
      { cause },
    );
  }
}

/** Clears away a deployment whose process is gone. Does nothing if the name has passed on to another meanwhile. */
export function removeStale(link: string, path: string): void {
  // Renamed first: of several that clear away at once only one gets the link, and it looks what it got.
  const taken = `${link}.${randomBytes(4).toString("hex")}`;
  try {
    renameSync(link, taken);
    if (folderOf(taken) === path) unlinkSync(taken);
    else renameSync(taken, link);
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT") throw cause;
  }
  rmSync(path, { recursive: true, force: true });
}

/** Removes a folder and, where it still holds it, its name. */
export function removeRunFolder({ path, link }: RunFolder): void {
  if (folderOf(link) === path) unlinkSync(link);
  rmSync(path, { recursive: true, force: true });
}

/** The folder that has an app's name, or undefined. */
export function findRunFolder(runtime: string, app: string): string | undefined {
  return folderOf(join(runtime, app));
}

/** The apps that have a folder, dead or alive. */
export function listRunFolders(runtime: string): readonly { readonly app: string; readonly path: string }[] {
  let names: string[];
  try {
    names = readdirSync(runtime);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw cause;
  }
  return names.flatMap((app) => {
    const path = app.includes(".") ? undefined : findRunFolder(runtime, app);
    return path === undefined ? [] : [{ app, path }];
  });
}

function folderOf(link: string): string | undefined {
  try {
    if (!lstatSync(link).isSymbolicLink()) return undefined;
    return join(link, "..", readlinkSync(link));
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw cause;
  }
}
