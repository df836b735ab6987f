import { closeSync, existsSync, fdatasyncSync, fstatSync, openSync, readSync, writeSync } from "node:fs";

const PIECE = 1 << 20;

/**
 * Puts on disk what a process that died left in a log, before anybody reads it: its last commits may be in the system's memory alone. Each
 * byte is written again, for a sync that failed before may have marked as kept what was not.
 */
export function settleLog(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, "r+");
  try {
    const { size } = fstatSync(file);
    if (size === 0) return;
    const piece = Buffer.allocUnsafe(Math.min(PIECE, size));
    for (let at = 0; at < size; ) {
      const bytes = readSync(file, piece, 0, piece.length, at);
      if (bytes === 0) break;
      writeSync(file, piece, 0, bytes, at);
      at += bytes;
    }
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}
