import type { GuestFunction } from "../guest/function.ts";
import type { Descriptor } from "./descriptors.ts";
import { WasiError } from "./errno.ts";
import type { WasiGuest } from "./guest.ts";
import type { FileNode, Stat } from "./nodes.ts";

const TYPE = { character: 2, folder: 3, file: 4 } as const;
const APPEND = 1;
/** All that a descriptor may be used for: what it cannot do says so by itself. */
const ALL_RIGHTS = 0x1fff_ffffn;
const DIRENT_BYTES = 24;

/** How the two forms of WASI differ in what this file writes into a guest's memory. */
export interface FileLayout {
  /** What `whence` counts from: by its number. */
  readonly whence: readonly ("start" | "current" | "end")[];
  /** Where in a `filestat` things are. */
  readonly stat: {
    readonly bytes: number;
    readonly links: number;
    readonly isWideLinks: boolean;
    readonly size: number;
  };
}

export const PREVIEW1: FileLayout = {
  whence: ["start", "current", "end"],
  stat: { bytes: 64, links: 24, isWideLinks: true, size: 32 },
};

export const UNSTABLE: FileLayout = {
  whence: ["current", "end", "start"],
  stat: { bytes: 56, links: 20, isWideLinks: false, size: 24 },
};

/** Functions of what is open. */
export function fileFunctions(guest: WasiGuest, layout: FileLayout): Record<string, GuestFunction> {
  const { memory } = guest;

  /** Calls `act` with each of a list of buffers, until one is not filled. */
  const transfer = (list: number, count: number, result: number, act: (buffer: Uint8Array, done: number) => number) => {
    let done = 0;
    for (let index = 0; index < count >>> 0; index++) {
      const entry = (list >>> 0) + index * 8;
      const buffer = memory.bytes(memory.u32(entry), memory.u32(entry + 4));
      if (buffer.length === 0) continue;
      const moved = act(buffer, done);
      done += moved;
      if (moved < buffer.length) break;
    }
    memory.setU32(result, done);
  };

  const writeAt = (open: Descriptor & { kind: "file" }, position: number, bytes: Uint8Array) => {
    if (!open.isWritable) throw new WasiError("badf");
    open.file.write(position, bytes);
    return bytes.length;
  };

  return {
    fd_advise: (fd: number) => void guest.descriptors.file(fd),
    fd_allocate: () => {
      throw new WasiError("notsup");
    },
    fd_close: (fd: number) => guest.descriptors.close(fd),
    fd_datasync: (fd: number) => void guest.descriptors.get(fd),
    fd_sync: (fd: number) => void guest.descriptors.get(fd),
    fd_fdstat_get: (fd: number, result: number) => {
      const open = guest.descriptors.get(fd);
      // Outputs may seek and tell, as far as they say: else C's library takes them for a terminal, and flushes each line.
      memory.setU8(result, typeOf(open));
      memory.setU16(result + 2, open.kind === "file" && open.isAppending ? APPEND : 0);
      memory.setU64(result + 8, ALL_RIGHTS);
      memory.setU64(result + 16, ALL_RIGHTS);
    },
    fd_fdstat_set_flags: (fd: number, flags: number) => {
      guest.descriptors.file(fd).isAppending = (flags & APPEND) !== 0;
    },
    fd_fdstat_set_rights: (fd: number) => void guest.descriptors.get(fd),
    fd_filestat_get: (fd: number, result: number) => {
      const open = guest.descriptors.get(fd);
      const node = open.kind === "file" ? open.file : open.kind === "folder" ? open.folder : undefined;
      writeStat(guest, layout, result, typeOf(open), node?.stat() ?? { size: 0, changedAt: 0 });
    },
    fd_filestat_set_size: (fd: number, size: bigint) => {
      const open = guest.descriptors.file(fd);
      if (!open.isWritable) throw new WasiError("badf");
      open.file.resize(toLength(size));
    },
    fd_filestat_set_times: (fd: number) => void guest.descriptors.file(fd),
    fd_pread: (fd: number, list: number, count: number, offset: bigint, result: number) => {
      const { file } = guest.descriptors.file(fd);
      const from = toLength(offset);
      transfer(list, count, result, (buffer, done) => file.read(from + done, buffer));
    },
    fd_pwrite: (fd: number, list: number, count: number, offset: bigint, result: number) => {
      const open = guest.descriptors.file(fd);
      const from = toLength(offset);
      transfer(list, count, result, (buffer, done) => writeAt(open, from + done, buffer));
    },
    fd_prestat_get: (fd: number, result: number) => {
      const { preopenedAs } = preopened(guest.descriptors.get(fd));
      memory.setU32(result, 0);
      memory.setU32(result + 4, Buffer.byteLength(preopenedAs));
    },
    fd_prestat_dir_name: (fd: number, pointer: number, length: number) => {
      const name = Buffer.from(preopened(guest.descriptors.get(fd)).preopenedAs);
      if (length >>> 0 < name.length) throw new WasiError("nametoolong");
      memory.write(pointer, name);
    },
    fd_read: (fd: number, list: number, count: number, result: number) => {
      const open = guest.descriptors.get(fd);
      if (open.kind === "input") return transfer(list, count, result, (buffer) => open.read(buffer));
      const file = guest.descriptors.file(fd);
      return transfer(list, count, result, (buffer) => {
        const read = file.file.read(file.position, buffer);
        file.position += read;
        return read;
      });
    },
    fd_readdir: (fd: number, pointer: number, length: number, cookie: bigint, result: number) => {
      const { folder } = guest.descriptors.folder(fd);
      const entries = [{ name: ".", kind: "folder" }, { name: "..", kind: "folder" }, ...folder.names()];
      const target = memory.bytes(pointer, length);
      let filled = 0;
      for (let index = toLength(cookie); index < entries.length && filled < target.length; index++) {
        const entry = entries[index];
        if (entry === undefined) break;
        const name = Buffer.from(entry.name);
        const dirent = Buffer.alloc(DIRENT_BYTES + name.length);
        dirent.writeBigUInt64LE(BigInt(index + 1), 0);
        dirent.writeUInt32LE(name.length, 16);
        dirent.writeUInt8(entry.kind === "folder" ? TYPE.folder : TYPE.file, 20);
        name.copy(dirent, DIRENT_BYTES);
        // The last one may be cut off: whoever reads asks again, from it, with more room.
        const part = dirent.subarray(0, target.length - filled);
        target.set(part, filled);
        filled += part.length;
      }
      memory.setU32(result, filled);
    },
    fd_renumber: (from: number, to: number) => guest.descriptors.renumber(from, to),
    fd_seek: (fd: number, offset: bigint, whence: number, result: number) => {
      const open = guest.descriptors.file(fd);
      const from = layout.whence[whence >>> 0];
      if (from === undefined) throw new WasiError("inval");
      const base = from === "start" ? 0 : from === "current" ? open.position : open.file.stat().size;
      open.position = toLength(BigInt(base) + offset);
      memory.setU64(result, open.position);
    },
    fd_tell: (fd: number, result: number) => memory.setU64(result, guest.descriptors.file(fd).position),
    fd_write: (fd: number, list: number, count: number, result: number) => {
      const open = guest.descriptors.get(fd);
      if (open.kind === "output") {
        return transfer(list, count, result, (buffer) => {
          open.write(buffer);
          return buffer.length;
        });
      }
      const file = guest.descriptors.file(fd);
      if (file.isAppending) file.position = file.file.stat().size;
      return transfer(list, count, result, (buffer) => {
        const written = writeAt(file, file.position, buffer);
        file.position += written;
        return written;
      });
    },
  };
}

/** Writes what is known of a node, as the form of WASI has it. */
export function writeStat(
  { memory }: WasiGuest,
  { stat: places }: FileLayout,
  result: number,
  type: number,
  { size, changedAt }: Stat,
): void {
  memory.bytes(result, places.bytes).fill(0);
  memory.setU8(result + 16, type);
  if (places.isWideLinks) memory.setU64(result + places.links, 1);
  else memory.setU32(result + places.links, 1);
  memory.setU64(result + places.size, size);
  const changed = BigInt(Math.trunc(changedAt)) * 1_000_000n;
  for (const offset of [8, 16, 24]) memory.setU64(result + places.size + offset, changed);
}

export function nodeType(node: FileNode): number {
  return node.kind === "folder" ? TYPE.folder : TYPE.file;
}

function typeOf(open: Descriptor): number {
  if (open.kind === "folder") return TYPE.folder;
  return open.kind === "file" ? TYPE.file : TYPE.character;
}

function preopened(open: Descriptor): { readonly preopenedAs: string } {
  if (open.kind !== "folder" || open.preopenedAs === undefined) throw new WasiError("badf");
  return { preopenedAs: open.preopenedAs };
}

/** A length or a position, from 0 and no more than a number can say. */
function toLength(value: bigint): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new WasiError("inval");
  return Number(value);
}
