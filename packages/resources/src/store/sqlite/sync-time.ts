import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const TRIES = 5;

/** How long the disk of a folder takes to keep a page for good, in milliseconds: the middle of a few tries. */
export function syncTimeOf(folder: string): number {
  const path = join(folder, `.sync-${process.pid}`);
  const file = openSync(path, "w");
  try {
    const times = Array.from({ length: TRIES }, () => {
      const startedAt = performance.now();
      writeSync(file, Buffer.alloc(4096), 0, 4096, 0);
      fsyncSync(file);
      return performance.now() - startedAt;
    });
    return times.sort((a, b) => a - b)[TRIES >> 1] ?? 0;
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}
