/** Which part of an image a file is in: what changes least is lowest. */
export type LayoutLayer = "packages" | "files" | "app";

interface Entry {
  /** Where it lies in the layout, with `/`, e.g. `files/data/words.txt`. */
  readonly path: string;
  readonly layer: LayoutLayer;
  /** Why it goes along, for people: `read by src/app.ts`. */
  readonly because: string;
}

/** A file of this machine that goes along as it is. */
export interface TakenFile extends Entry {
  readonly kind: "taken";
  /** Absolute. */
  readonly source: string;
  readonly bytes: number;
  readonly executable: boolean;
  /** SHA-256 of its content, hexadecimal. */
  readonly digest: string;
}

/** A file that was made of the sources. */
export interface MadeFile extends Entry {
  readonly kind: "made";
  readonly content: Uint8Array;
}

/** A symbolic link. */
export interface LayoutLink extends Entry {
  readonly kind: "link";
  /** Relative to the folder that it is in. */
  readonly target: string;
}

export type LayoutEntry = TakenFile | MadeFile | LayoutLink;

/**
 * All that a replica finds of its app, in one folder, the same under every runner: `/app` in an image, a staged folder under
 * the local runner. `app.mjs` runs there, and its working directory is `files`, which stands for the app file's folder.
 */
export interface Layout {
  /** Sorted by path. */
  readonly entries: readonly LayoutEntry[];
  /** 16 hexadecimal digits: the same sources, files and packages have the same on every machine. */
  readonly hash: string;
  /** The app file's folder on this machine. */
  readonly appFolder: string;
  /**
   * The source maps, by the file that they are of: what stack traces and debuggers need is made of them. No part of the hash:
   * sources that differ in nothing but comments run the same.
   */
  readonly maps: ReadonlyMap<string, Uint8Array>;
}
