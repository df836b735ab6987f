import { WasiError } from "./errno.ts";
import type { File, FileNode, Folder, Stat } from "./nodes.ts";

/** Bytes that can be read as a file, and not written. */
export class BytesFile implements File {
  readonly kind = "file";
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  stat(): Stat {
    return { size: this.#bytes.length, changedAt: 0 };
  }

  read(position: number, target: Uint8Array): number {
    const found = this.#bytes.subarray(position, position + target.length);
    target.set(found);
    return found.length;
  }

  write(): never {
    throw new WasiError("rofs");
  }

  resize(): never {
    throw new WasiError("rofs");
  }

  close(): void {}
}

/** A file that takes what is written, and cannot be read. */
export class SinkFile implements File {
  readonly kind = "file";
  readonly #take: (bytes: Uint8Array) => void;
  #size = 0;

  constructor(take: (bytes: Uint8Array) => void) {
    this.#take = take;
  }

  stat(): Stat {
    return { size: this.#size, changedAt: 0 };
  }

  read(): number {
    throw new WasiError("acces");
  }

  write(position: number, bytes: Uint8Array): void {
    if (position !== this.#size) throw new WasiError("spipe");
    this.#take(bytes);
    this.#size += bytes.length;
  }

  resize(size: number): void {
    if (size !== this.#size) throw new WasiError("spipe");
  }

  close(): void {}
}

/** A folder in which granted folders stand, and that cannot be changed. */
export class MountFolder implements Folder {
  readonly kind = "folder";
  readonly #children = new Map<string, FileNode>();

  /** Places a node at a path below this folder, making folders on its way. */
  mount(path: string, node: FileNode): void {
    const [name = "", ...rest] = path.split("/").filter((step) => step !== "");
    if (rest.length === 0) {
      this.#children.set(name, node);
      return;
    }
    let below = this.#children.get(name);
    if (!(below instanceof MountFolder)) {
      below = new MountFolder();
      this.#children.set(name, below);
    }
    (below as MountFolder).mount(rest.join("/"), node);
  }

  stat(): Stat {
    return { size: 0, changedAt: 0 };
  }

  child(name: string): FileNode | undefined {
    return this.#children.get(name);
  }

  names(): readonly { readonly name: string; readonly kind: FileNode["kind"] }[] {
    return [...this.#children].map(([name, { kind }]) => ({ name, kind }));
  }

  create(): never {
    throw new WasiError("rofs");
  }

  remove(): never {
    throw new WasiError("rofs");
  }

  rename(): never {
    throw new WasiError("rofs");
  }
}
