import type { GuestFunction } from "../guest/function.ts";
import { WasiError } from "./errno.ts";
import { type FileLayout, nodeType, writeStat } from "./files.ts";
import type { WasiGuest } from "./guest.ts";
import { find, placeOf } from "./paths.ts";

const OPEN = { create: 1, folder: 2, exclusive: 4, truncate: 8 } as const;
const APPEND = 1;
const RIGHT_TO_WRITE = 0x40n;

/** Functions of paths. Links cannot be made, so that nothing a guest did can lead out of where it is. */
export function pathFunctions(guest: WasiGuest, layout: FileLayout): Record<string, GuestFunction> {
  const { memory } = guest;
  const folderOf = (fd: number) => guest.descriptors.folder(fd).folder;
  const place = (fd: number, pointer: number, length: number) => placeOf(folderOf(fd), memory.text(pointer, length));
  const refuse = () => {
    throw new WasiError("notsup");
  };
  return {
    path_create_directory: (fd: number, pointer: number, length: number) => {
      const { folder, name } = place(fd, pointer, length);
      if (folder.child(name) !== undefined) throw new WasiError("exist");
      folder.create(name, "folder");
    },
    path_filestat_get: (fd: number, _flags: number, pointer: number, length: number, result: number) => {
      const node = find(folderOf(fd), memory.text(pointer, length));
      writeStat(guest, layout, result, nodeType(node), node.stat());
    },
    path_filestat_set_times: (fd: number, _flags: number, pointer: number, length: number) =>
      void find(folderOf(fd), memory.text(pointer, length)),
    path_link: refuse,
    path_symlink: refuse,
    path_readlink: (fd: number, pointer: number, length: number) => {
      find(folderOf(fd), memory.text(pointer, length));
      throw new WasiError("inval");
    },
    path_open: (
      fd: number,
      _flags: number,
      pointer: number,
      length: number,
      how: number,
      rights: bigint,
      _inheriting: bigint,
      flags: number,
      result: number,
    ) => {
      const path = memory.text(pointer, length);
      const address = guest.openAddress(path);
      if (address !== undefined) return memory.setU32(result, guest.descriptors.add(address));
      const node = openNode(folderOf(fd), path, how);
      if (node.kind === "folder") {
        const opened = { kind: "folder", folder: node, preopenedAs: undefined } as const;
        return memory.setU32(result, guest.descriptors.add(opened));
      }
      if ((how & OPEN.truncate) !== 0) node.resize(0);
      const isWritable = (BigInt.asUintN(64, rights) & RIGHT_TO_WRITE) !== 0n;
      const isAppending = (flags & APPEND) !== 0;
      return memory.setU32(
        result,
        guest.descriptors.add({ kind: "file", file: node, position: 0, isWritable, isAppending }),
      );
    },
    path_remove_directory: (fd: number, pointer: number, length: number) => {
      const { folder, name } = place(fd, pointer, length);
      const node = folder.child(name);
      if (node === undefined) throw new WasiError("noent");
      if (node.kind !== "folder") throw new WasiError("notdir");
      folder.remove(name, "folder");
    },
    path_rename: (
      fd: number,
      pointer: number,
      length: number,
      newFd: number,
      newPointer: number,
      newLength: number,
    ) => {
      const from = place(fd, pointer, length);
      const to = place(newFd, newPointer, newLength);
      if (from.folder.child(from.name) === undefined) throw new WasiError("noent");
      from.folder.rename(from.name, to.folder, to.name);
    },
    path_unlink_file: (fd: number, pointer: number, length: number) => {
      const { folder, name } = place(fd, pointer, length);
      const node = folder.child(name);
      if (node === undefined) throw new WasiError("noent");
      if (node.kind === "folder") throw new WasiError("isdir");
      folder.remove(name, "file");
    },
  };
}

function openNode(from: Parameters<typeof find>[0], path: string, how: number) {
  if ((how & OPEN.create) === 0) return expecting(find(from, path), how);
  const { folder, name } = placeOf(from, path);
  const found = folder.child(name);
  if (found === undefined) return folder.create(name, "file");
  if ((how & OPEN.exclusive) !== 0) throw new WasiError("exist");
  return expecting(found, how);
}

function expecting(node: ReturnType<typeof find>, how: number) {
  if ((how & OPEN.folder) !== 0 && node.kind !== "folder") throw new WasiError("notdir");
  return node;
}
