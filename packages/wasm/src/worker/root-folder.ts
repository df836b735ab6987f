import type { GuestGrants } from "../guest/protocol.ts";
import { HostFolder } from "../wasi/host-folder.ts";
import { MountFolder } from "../wasi/virtual.ts";

/** Most guests were granted none. */
const NO_FOLDERS = new MountFolder();

/** The folder in which what was granted stands. */
export function rootOf({ folders }: GuestGrants): MountFolder {
  if (folders.length === 0) return NO_FOLDERS;
  const root = new MountFolder();
  for (const { at, path, isWritable } of folders) root.mount(at, new HostFolder({ root: path, isWritable }));
  return root;
}
