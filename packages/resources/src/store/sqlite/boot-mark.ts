import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Mark {
  /** The life of the machine in which the store was open last. */
  readonly boot: string;
  /** The database's file: a copy is another. */
  readonly file: number;
  /** The store was closed, and all of it was on disk. */
  readonly isClosed: boolean;
}

/**
 * Remembers beside a database in which life of its machine it was open last. What was committed and not synced survives a kill of the
 * process, and is lost where the machine itself fails: whoever was told of it is told nothing that contradicts it.
 */
export class BootMark {
  readonly #path: string;
  readonly #folder: string;
  readonly #here: Omit<Mark, "isClosed">;
  /** Something may be lost: the machine failed, or this is a copy. So it stays until {@link confirm}. */
  isCut: boolean;

  /** @param boot Names this life of the machine; undefined: nobody knows, so that each start may be another's. */
  constructor(folder: string, database: string, boot: string | undefined) {
    this.#folder = folder;
    this.#path = join(folder, "boot.json");
    this.#here = { boot: boot ?? crypto.randomUUID(), file: statSync(database).ino };
    const found = this.#read();
    const isSameFile = found?.file === this.#here.file;
    const isSame = isSameFile && found?.boot === this.#here.boot;
    this.isCut = found !== undefined && !isSame && !(isSameFile && found.isClosed === true);
    if (!this.isCut && (!isSame || found.isClosed === true)) this.#write(false);
  }

  /** Nothing that was lost matters any more. */
  confirm(): void {
    this.#write(false);
    this.isCut = false;
  }

  /** The same, and all is on disk. */
  close(): void {
    this.#write(true);
  }

  /** undefined: there is none. One that cannot be read says nothing, and so is nobody's. */
  #read(): Partial<Mark> | undefined {
    try {
      return JSON.parse(readFileSync(this.#path, "utf8")) as Partial<Mark>;
    } catch (error) {
      return error instanceof Error && "code" in error && error.code === "ENOENT" ? undefined : {};
    }
  }

  /** Whole or not at all, and on disk. */
  #write(isClosed: boolean): void {
    const next = `${this.#path}.next`;
    writeFileSync(next, JSON.stringify({ ...this.#here, isClosed } satisfies Mark), { flush: true });
    renameSync(next, this.#path);
    const folder = openSync(this.#folder, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }
}
