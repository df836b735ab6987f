import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join, sep } from "node:path";
import { toWasiError, WasiError } from "./errno.ts";
import type { File, FileNode, Folder, Stat } from "./nodes.ts";

/** A folder of the machine, below which a guest may go and above which it cannot. */
export interface Granted {
  /** With no link in its way. */
  readonly root: string;
  readonly isWritable: boolean;
}

/**
 * A folder of the machine. A guest takes one step at a time, by a plain name. A link is followed where it leads to something
 * within the granted folder, and is not there otherwise; a guest can make none.
 */
export class HostFolder implements Folder {
  readonly kind = "folder";
  readonly #granted: Granted;
  readonly #path: string;

  constructor(granted: Granted, path = granted.root) {
    this.#granted = granted;
    this.#path = path;
  }

  stat(): Stat {
    return calling(() => ({ size: 0, changedAt: lstatSync(this.#path).mtimeMs }));
  }

  child(name: string): FileNode | undefined {
    const path = this.#below(name);
    return calling(() => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found === undefined) return undefined;
      if (!found.isSymbolicLink()) return this.#toNode(path, found);
      const target = realpathSync(path);
      if (target !== this.#granted.root && !target.startsWith(this.#granted.root + sep))
        throw new WasiError("notcapable");
      return this.#toNode(target, lstatSync(target));
    });
  }

  names(): readonly { readonly name: string; readonly kind: FileNode["kind"] }[] {
    const entries = calling(() => readdirSync(this.#path, { withFileTypes: true }));
    return entries.map((entry) => ({ name: entry.name, kind: entry.isDirectory() ? "folder" : "file" }));
  }

  create(name: string, kind: FileNode["kind"]): FileNode {
    const path = this.#writable(name);
    return calling(() => {
      if (kind === "folder") {
        mkdirSync(path);
        return new HostFolder(this.#granted, path);
      }
      closeSync(
        openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, 0o644),
      );
      return new HostFile(path, true);
    });
  }

  remove(name: string, kind: FileNode["kind"]): void {
    const path = this.#writable(name);
    calling(() => (kind === "folder" ? rmdirSync(path) : unlinkSync(path)));
  }

  rename(name: string, to: Folder, newName: string): void {
    if (!(to instanceof HostFolder)) throw new WasiError("notcapable");
    const [from, target] = [this.#writable(name), to.#writable(newName)];
    calling(() => renameSync(from, target));
  }

  #toNode(path: string, stat: { isDirectory(): boolean; isFile(): boolean }): FileNode {
    if (stat.isDirectory()) return new HostFolder(this.#granted, path);
    // Devices, sockets and pipes are no files that a guest was granted.
    if (!stat.isFile()) throw new WasiError("acces");
    return new HostFile(path, this.#granted.isWritable);
  }

  #writable(name: string): string {
    if (!this.#granted.isWritable) throw new WasiError("rofs");
    return this.#below(name);
  }

  /** A step down. Paths are taken apart before they come here; what is no plain name is no name at all. */
  #below(name: string): string {
    if (name === "" || name === "." || name === ".." || /[/\\\0]/.test(name)) throw new WasiError("inval");
    return join(this.#path, name);
  }
}

class HostFile implements File {
  readonly kind = "file";
  readonly #path: string;
  readonly #isWritable: boolean;
  #descriptor: number | undefined;

  constructor(path: string, isWritable: boolean) {
    this.#path = path;
    this.#isWritable = isWritable;
  }

  stat(): Stat {
    return calling(() => {
      const { size, mtimeMs } = this.#descriptor === undefined ? lstatSync(this.#path) : fstatSync(this.#descriptor);
      return { size, changedAt: mtimeMs };
    });
  }

  read(position: number, target: Uint8Array): number {
    return calling(() => readSync(this.#open(), target, 0, target.length, position));
  }

  write(position: number, bytes: Uint8Array): void {
    if (!this.#isWritable) throw new WasiError("rofs");
    calling(() => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#open(), bytes, done, bytes.length - done, position + done);
      }
    });
  }

  resize(size: number): void {
    if (!this.#isWritable) throw new WasiError("rofs");
    calling(() => ftruncateSync(this.#open(), size));
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** A link that took the file's place meanwhile is not followed. */
  #open(): number {
    this.#descriptor ??= openSync(
      this.#path,
      (this.#isWritable ? constants.O_RDWR : constants.O_RDONLY) | constants.O_NOFOLLOW,
    );
    return this.#descriptor;
  }
}

function calling<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw toWasiError(error);
  }
}
