interface KeyEntry {
  readonly hash: number;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Shared by all connections, of which there may be ten thousand: names of fields, and no values. */
const KEYS: (KeyEntry | undefined)[] = new Array(1024).fill(undefined);

/** The text of a key. The same keys come again and again: looked up by their bytes, they need not be made anew. */
export function readKey(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  let hash = length;
  for (let i = start; i < end; i++) hash = (hash * 31 + bytes[i]!) | 0;
  const slot = hash & 1023;
  const entry = KEYS[slot];
  if (entry !== undefined && entry.hash === hash && entry.bytes.length === length) {
    let i = 0;
    while (i < length && entry.bytes[i] === bytes[start + i]) i++;
    if (i === length) return entry.text;
  }
  const text = bytes.utf8Slice(start, end);
  KEYS[slot] = { hash, bytes: Uint8Array.from(bytes.subarray(start, end)), text };
  return text;
}
