/** One file of an archive. */
export interface TarEntry extends TarOwner {
  /** Without a leading slash. */
  readonly path: string;
  readonly content: Uint8Array;
  /** @default false */
  readonly executable?: boolean;
  /** Where it leads, for a symbolic link; its content is empty then. */
  readonly link?: string;
}

/** A folder of an archive of which more is to be said than that it is there. */
export interface TarFolder extends TarOwner {
  /** Without a slash at either end. */
  readonly path: string;
}

interface TarOwner {
  /** The id of the user and the group that own it. @default 0 */
  readonly owner?: number;
  /** As in `chmod`. @default 0o755 for what is executable and for folders, 0o644 else */
  readonly mode?: number;
}

const BLOCK = 512;
const SIZE_AT = 124;

/**
 * A tar archive that depends on nothing but its entries: sorted, without times, so that the same files make the same
 * archive everywhere. Folders on the way to a file are made, as root's where `folders` does not name them. Ustar, with a
 * pax header where a path is too long for it (POSIX.1-2001).
 */
export function toTar(files: readonly TarEntry[], folders: readonly TarFolder[] = []): Uint8Array {
  const blocks: Uint8Array[] = [];
  const named = new Map([...foldersOf(files), ...folders].map((folder) => [folder.path, folder]));
  for (const { path, owner = 0, mode = 0o755 } of [...named.values()].sort(byPath)) {
    add(blocks, { path: `${path}/`, content: new Uint8Array(), type: "5", owner, mode });
  }
  for (const { path, content, executable, link, owner = 0, mode = executable ? 0o755 : 0o644 } of [...files].sort(
    byPath,
  )) {
    if (link === undefined) add(blocks, { path, content, type: "0", owner, mode });
    else add(blocks, { path, content, type: "2", link, owner, mode: 0o777 });
  }
  blocks.push(new Uint8Array(2 * BLOCK));
  return Buffer.concat(blocks);
}

/** The content of the first entry of an archive, as text. */
export function firstOfTar(archive: Buffer): string {
  const size = Number.parseInt(archive.toString("latin1", SIZE_AT, SIZE_AT + 11), 8);
  return archive.toString("utf8", BLOCK, BLOCK + size);
}

function byPath(a: TarFolder, b: TarFolder): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function foldersOf(files: readonly TarEntry[]): readonly TarFolder[] {
  const found = new Set<string>();
  for (const { path } of files) {
    const parts = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) found.add(parts.slice(0, depth).join("/"));
  }
  return [...found].map((path) => ({ path }));
}

interface Block {
  readonly path: string;
  readonly content: Uint8Array;
  /** `0`: a file; `2`: a symbolic link; `5`: a folder; `x`: a header that is longer than a header. */
  readonly type: "0" | "2" | "5" | "x";
  readonly link?: string;
  readonly owner: number;
  readonly mode: number;
}

function add(blocks: Uint8Array[], block: Block): void {
  const { path, link = "" } = block;
  if (Buffer.byteLength(path) > 100 || Buffer.byteLength(link) > 100) {
    const content = Buffer.from(paxRecord("path", path) + (link === "" ? "" : paxRecord("linkpath", link)));
    add(blocks, { path: "PaxHeader", content, type: "x", owner: 0, mode: 0o644 });
  }
  blocks.push(header(block), pad(block.content));
}

function header({ path, content, type, link = "", owner, mode }: Block): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  Buffer.from(path).copy(block, 0, 0, 100);
  block.write(octal(mode, 7), 100);
  block.write(octal(owner, 7), 108);
  block.write(octal(owner, 7), 116);
  block.write(octal(content.byteLength, 11), SIZE_AT);
  block.write(octal(0, 11), 136);
  block.write(" ".repeat(8), 148);
  block.write(type, 156);
  Buffer.from(link).copy(block, 157, 0, 100);
  block.write("ustar\u000000", 257, "latin1");
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}

/** A record says its own length, which counts the digits of that length. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (Buffer.byteLength(`${length}${rest}`) !== length) length = Buffer.byteLength(`${length}${rest}`);
  return `${length}${rest}`;
}

function pad(content: Uint8Array): Uint8Array {
  const rest = content.byteLength % BLOCK;
  return rest === 0 ? content : Buffer.concat([content, new Uint8Array(BLOCK - rest)]);
}
