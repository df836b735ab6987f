import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PAGE = 4096;
const SYNC_MS = 4;

/** A folder, and a disk below it that keeps of its log what a sync kept, and of the rest what chance will have. */
export class Disk implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), "hadron-cut-"));
  readonly folder = join(this.#root, "data");
  syncs = 0;
  fails = false;
  /** Keeps nothing, and does not say so. */
  hangs = false;
  #kept: { readonly database: Buffer; readonly log: Buffer } | undefined;
  #cuts = 0;

  readonly syncOf = () => (done: (error: Error | null) => void) => {
    this.syncs++;
    if (this.hangs) return;
    // What is written from now on is not this sync's.
    const began = this.#now();
    setTimeout(() => {
      if (this.fails) return done(new Error("EIO: i/o error, fdatasync"));
      this.#kept = began;
      done(null);
    }, SYNC_MS);
  };

  /** The folder as it is after a power cut. */
  cut(random: () => number): string {
    const folder = join(this.#root, `cut-${++this.#cuts}`);
    mkdirSync(folder);
    const now = this.#now();
    const kept = this.#kept ?? now;
    for (const name of ["store.db", "boot.json"]) copyFileSync(join(this.folder, name), join(folder, name));
    // Around a checkpoint SQLite has the disk keep all by itself: its log is another, or begun anew.
    const isSame = now.database.equals(kept.database) && now.log.subarray(0, 32).equals(kept.log.subarray(0, 32));
    writeFileSync(join(folder, "store.db-wal"), isSame ? mixed(kept.log, now.log, random) : now.log);
    return folder;
  }

  /** The folder as it is after its process was killed. */
  killed(): string {
    const folder = join(this.#root, `killed-${++this.#cuts}`);
    mkdirSync(folder);
    for (const name of ["store.db", "store.db-wal", "boot.json"])
      copyFileSync(join(this.folder, name), join(folder, name));
    // The same file, and no copy.
    const mark = JSON.parse(readFileSync(join(folder, "boot.json"), "utf8")) as object;
    const file = statSync(join(folder, "store.db")).ino;
    writeFileSync(join(folder, "boot.json"), JSON.stringify({ ...mark, file }));
    return folder;
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  #now() {
    const path = join(this.folder, "store.db");
    return { database: readFileSync(path), log: readFileSync(`${path}-wal`) };
  }
}

/** What was synced, and some of the pages that were written since. */
function mixed(kept: Buffer, now: Buffer, random: () => number): Buffer {
  const disk = Buffer.from(now);
  for (let at = 0; at < now.length; at += PAGE) {
    if (random() < 0.5) continue;
    const end = Math.min(at + PAGE, now.length);
    disk.fill(0, at, end);
    if (at < kept.length) kept.copy(disk, at, at, Math.min(end, kept.length));
  }
  return disk;
}
