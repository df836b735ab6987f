import { WasiError } from "../wasi/errno.ts";
import type { File, FileNode, Folder } from "../wasi/nodes.ts";
import { find, placeOf } from "../wasi/paths.ts";
import { Failure, orCode } from "./failure.ts";
import type { ComponentGuest } from "./guest.ts";
import { InputStream, OutputStream, StreamFailure } from "./io.ts";

type FileGuest = Pick<ComponentGuest, "openAddress" | "opened">;

interface OpenFlags {
  readonly create?: boolean;
  readonly directory?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
}

/** `wasi:filesystem/types`: something that is open, on files that the host made up. */
export class Descriptor {
  readonly #node: FileNode;
  readonly #isWritable: boolean;
  readonly #guest: FileGuest;

  constructor(node: FileNode, isWritable: boolean, guest: FileGuest) {
    this.#node = node;
    this.#isWritable = isWritable;
    this.#guest = guest;
  }

  readViaStream(offset: bigint): InputStream {
    const file = this.#file();
    let position = toNumber(offset);
    return new InputStream((target) => {
      const count = file.read(position, target);
      position += count;
      return count;
    });
  }

  writeViaStream(offset: bigint): OutputStream {
    let position = toNumber(offset);
    return this.#writing(
      () => position,
      (count) => (position += count),
    );
  }

  appendViaStream(): OutputStream {
    const file = this.#file();
    return this.#writing(
      () => file.stat().size,
      () => {},
    );
  }

  read(length: bigint, offset: bigint): [Uint8Array, boolean] {
    return orCode(() => {
      const target = new Uint8Array(Math.min(toNumber(length), 65_536));
      const count = this.#file().read(toNumber(offset), target);
      return [target.subarray(0, count), count === 0 && target.length > 0];
    });
  }

  write(bytes: Uint8Array, offset: bigint): bigint {
    orCode(() => this.#writable().write(toNumber(offset), bytes));
    return BigInt(bytes.length);
  }

  advise(): void {}
  sync(): void {}
  syncData(): void {}
  setTimes(): void {}
  setTimesAt(): void {}

  getFlags() {
    return { read: true, write: this.#isWritable, mutateDirectory: this.#node.kind === "folder" };
  }

  getType(): string {
    return typeOf(this.#node.kind);
  }

  setSize(size: bigint): void {
    orCode(() => this.#writable().resize(toNumber(size)));
  }

  stat() {
    return orCode(() => toStat(this.#node));
  }

  statAt(_flags: unknown, path: string) {
    return orCode(() => toStat(find(this.#folder(), path)));
  }

  readDirectory(): DirectoryEntryStream {
    return orCode(() => new DirectoryEntryStream(this.#folder().names()));
  }

  openAt(_pathFlags: unknown, path: string, how: OpenFlags, flags: { readonly write?: boolean }): Descriptor {
    const address = this.#guest.openAddress(path);
    if (address !== undefined) return this.#open(address.file, address.isWritable);
    return orCode(() => {
      const node = this.#nodeAt(path, how);
      if (how.directory && node.kind !== "folder") throw new WasiError("notdir");
      if (how.truncate && node.kind === "file") node.resize(0);
      return this.#open(node, flags.write === true);
    });
  }

  createDirectoryAt(path: string): void {
    orCode(() => {
      const { folder, name } = placeOf(this.#folder(), path);
      if (folder.child(name) !== undefined) throw new WasiError("exist");
      folder.create(name, "folder");
    });
  }

  removeDirectoryAt(path: string): void {
    this.#remove(path, "folder");
  }

  unlinkFileAt(path: string): void {
    this.#remove(path, "file");
  }

  renameAt(path: string, to: Descriptor, newPath: string): void {
    orCode(() => {
      const from = placeOf(this.#folder(), path);
      const target = placeOf(to.#folder(), newPath);
      if (from.folder.child(from.name) === undefined) throw new WasiError("noent");
      from.folder.rename(from.name, target.folder, target.name);
    });
  }

  /** Links cannot be made, so that nothing a guest did can lead out of where it is. */
  linkAt(): never {
    throw new Failure("unsupported");
  }

  symlinkAt(): never {
    throw new Failure("unsupported");
  }

  readlinkAt(_path: string): never {
    throw new Failure("invalid");
  }

  isSameObject(other: Descriptor): boolean {
    return this.#node === other.#node;
  }

  metadataHash() {
    const { size, changedAt } = orCode(() => this.#node.stat());
    return { lower: BigInt(size), upper: BigInt(Math.trunc(changedAt)) };
  }

  metadataHashAt(_flags: unknown, path: string) {
    const { size, changedAt } = orCode(() => find(this.#folder(), path).stat());
    return { lower: BigInt(size), upper: BigInt(Math.trunc(changedAt)) };
  }

  #open(node: FileNode, isWritable: boolean): Descriptor {
    if (node.kind === "file") this.#guest.opened(node);
    return new Descriptor(node, isWritable, this.#guest);
  }

  #nodeAt(path: string, how: OpenFlags): FileNode {
    if (!how.create) return find(this.#folder(), path);
    const { folder, name } = placeOf(this.#folder(), path);
    const found = folder.child(name);
    if (found !== undefined && how.exclusive) throw new WasiError("exist");
    return found ?? folder.create(name, "file");
  }

  #remove(path: string, kind: FileNode["kind"]): void {
    orCode(() => {
      const { folder, name } = placeOf(this.#folder(), path);
      const node = folder.child(name);
      if (node === undefined) throw new WasiError("noent");
      if (node.kind !== kind) throw new WasiError(kind === "folder" ? "notdir" : "isdir");
      folder.remove(name, kind);
    });
  }

  #writing(at: () => number, wrote: (count: number) => void): OutputStream {
    const file = orCode(() => this.#writable());
    return new OutputStream((bytes) => {
      file.write(at(), bytes);
      wrote(bytes.length);
    });
  }

  #folder(): Folder {
    if (this.#node.kind !== "folder") throw new WasiError("notdir");
    return this.#node;
  }

  #file(): File {
    if (this.#node.kind !== "file") throw new Failure("is-directory");
    return this.#node;
  }

  #writable(): File {
    const file = this.#file();
    if (!this.#isWritable) throw new WasiError("badf");
    return file;
  }
}

/** `wasi:filesystem/types`. */
export class DirectoryEntryStream {
  readonly #entries: { readonly name: string; readonly kind: FileNode["kind"] }[];

  constructor(entries: readonly { readonly name: string; readonly kind: FileNode["kind"] }[]) {
    this.#entries = [...entries];
  }

  readDirectoryEntry() {
    const entry = this.#entries.shift();
    return entry === undefined ? undefined : { type: typeOf(entry.kind), name: entry.name };
  }
}

export function filesystemErrorCode(error: unknown): string | undefined {
  return error instanceof StreamFailure ? error.code : undefined;
}

function typeOf(kind: FileNode["kind"]): string {
  return kind === "folder" ? "directory" : "regular-file";
}

function toStat(node: FileNode) {
  const { size, changedAt } = node.stat();
  const seconds = Math.floor(changedAt / 1000);
  const at = { seconds: BigInt(seconds), nanoseconds: Math.floor((changedAt - seconds * 1000) * 1e6) };
  return {
    type: typeOf(node.kind),
    linkCount: 1n,
    size: BigInt(size),
    dataAccessTimestamp: at,
    dataModificationTimestamp: at,
    statusChangeTimestamp: at,
  };
}

function toNumber(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Failure("overflow");
  return Number(value);
}
