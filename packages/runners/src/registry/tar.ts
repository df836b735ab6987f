/** One file of a layer. */
export interface TarEntry {
  /** Without a leading slash. */
  readonly path: string;
  readonly content: Uint8Array;
  /** @default false */
  readonly executable?: boolean;
}

const BLOCK = 512;

/**
 * A tar archive that depends on nothing but its entries: sorted, owned by root, without times, so that the same files
 * make the same layer everywhere. Ustar, with a pax header where a path is too long for it (POSIX.1-2001).
 */
export function toTar(entries: readonly TarEntry[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const directory of directoriesOf(entries)) add(blocks, `${directory}/`, new Uint8Array(), "5", 0o755);
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const { path, content, executable } of sorted) add(blocks, path, content, "0", executable ? 0o755 : 0o644);
  blocks.push(new Uint8Array(2 * BLOCK));
  return Buffer.concat(blocks);
}

function directoriesOf(entries: readonly TarEntry[]): readonly string[] {
  const found = new Set<string>();
  for (const { path } of entries) {
    const parts = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) found.add(parts.slice(0, depth).join("/"));
  }
  return [...found].sort();
}

function add(blocks: Uint8Array[], path: string, content: Uint8Array, type: string, mode: number): void {
  const name = Buffer.from(path);
  if (name.length > 100) {
    const record = paxRecord("path", path);
    blocks.push(header("PaxHeader", record.length, "x", 0o644), pad(record));
  }
  blocks.push(header(path, content.byteLength, type, mode), pad(content));
}

function header(path: string, size: number, type: string, mode: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  Buffer.from(path).copy(block, 0, 0, 100);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(" ".repeat(8), 148);
  block.write(type, 156);
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
function paxRecord(key: string, value: string): Uint8Array {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (Buffer.byteLength(`${length}${rest}`) !== length) length = Buffer.byteLength(`${length}${rest}`);
  return Buffer.from(`${length}${rest}`);
}

function pad(content: Uint8Array): Uint8Array {
  const rest = content.byteLength % BLOCK;
  return rest === 0 ? content : Buffer.concat([content, new Uint8Array(BLOCK - rest)]);
}
