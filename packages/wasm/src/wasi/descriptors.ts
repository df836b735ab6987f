import { WasiError } from "./errno.ts";
import type { File, Folder } from "./nodes.ts";

/** What a guest has open. */
export type Descriptor =
  | { readonly kind: "input"; read(target: Uint8Array): number }
  | { readonly kind: "output"; write(bytes: Uint8Array): void }
  | { readonly kind: "file"; readonly file: File; position: number; readonly isWritable: boolean; isAppending: boolean }
  | { readonly kind: "folder"; readonly folder: Folder; readonly preopenedAs: string | undefined };

/** So many at once; a program that forgets to close its files is told so. */
const MOST = 1024;

/** The descriptors of one guest: numbers from 0, the lowest free one first, as POSIX has it. */
export class Descriptors {
  readonly #open: (Descriptor | undefined)[];

  constructor(first: readonly Descriptor[]) {
    this.#open = [...first];
  }

  /** Throws `badf` where nothing is open under that number. */
  get(fd: number): Descriptor {
    const found = this.#open[fd >>> 0];
    if (found === undefined) throw new WasiError("badf");
    return found;
  }

  /** A file. Throws `isdir` for a folder, `spipe` for what has no position. */
  file(fd: number): Descriptor & { kind: "file" } {
    const found = this.get(fd);
    if (found.kind === "file") return found;
    throw new WasiError(found.kind === "folder" ? "isdir" : "spipe");
  }

  folder(fd: number): Descriptor & { kind: "folder" } {
    const found = this.get(fd);
    if (found.kind !== "folder") throw new WasiError("notdir");
    return found;
  }

  add(descriptor: Descriptor): number {
    const free = this.#open.indexOf(undefined);
    const fd = free === -1 ? this.#open.length : free;
    if (fd >= MOST) throw new WasiError("badf");
    this.#open[fd] = descriptor;
    return fd;
  }

  close(fd: number): void {
    const found = this.get(fd);
    if (found.kind === "file") found.file.close();
    this.#open[fd >>> 0] = undefined;
  }

  /** `to` becomes what `from` was. */
  renumber(from: number, to: number): void {
    const found = this.get(from);
    this.get(to);
    if (from >>> 0 === to >>> 0) return;
    this.close(to);
    this.#open[to >>> 0] = found;
    this.#open[from >>> 0] = undefined;
  }

  closeAll(): void {
    for (const [fd, descriptor] of this.#open.entries()) if (descriptor !== undefined) this.close(fd);
  }
}
