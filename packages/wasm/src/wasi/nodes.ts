/** What a guest finds in its file system. All that it can reach is a node of a tree that the host made. */
export type FileNode = File | Folder;

export interface Stat {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

export interface File {
  readonly kind: "file";
  stat(): Stat;
  /** Fills `target` from the file's bytes at `position`; says how many there were. 0: that is its end. */
  read(position: number, target: Uint8Array): number;
  /** Throws WasiError `rofs` where it may only be read. */
  write(position: number, bytes: Uint8Array): void;
  resize(size: number): void;
  close(): void;
}

export interface Folder {
  readonly kind: "folder";
  stat(): Stat;
  /** By its name: one step, never `..` or a path. Undefined: there is none. */
  child(name: string): FileNode | undefined;
  names(): readonly { readonly name: string; readonly kind: FileNode["kind"] }[];
  /** Makes an empty one. Throws WasiError `rofs` where nothing may be written. */
  create(name: string, kind: FileNode["kind"]): FileNode;
  remove(name: string, kind: FileNode["kind"]): void;
  /** Moves a child to a folder of the same granted folder. */
  rename(name: string, to: Folder, newName: string): void;
}
