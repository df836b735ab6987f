import { mkdirSync, readdirSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { HadronError } from "@hadron/core/spi";
import { claimFolder } from "../../store/sqlite/claim-folder.ts";
import { checkCondition } from "../contract/conditions.ts";
import type {
  BlobDriver,
  BucketContents,
  Condition,
  FoundObject,
  Listed,
  ListPage,
  ObjectInfo,
  PutOptions,
  Range,
} from "../contract/driver.ts";
import { readBlob, writeBlob } from "./blob-file.ts";
import { type IndexedObject, ObjectIndex } from "./object-index.ts";

export interface FolderOptions {
  /** Where the data is kept. Made where it is not there. */
  readonly folder: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A name that nothing else has. */
  readonly newName: () => string;
}

/** While a reader looked, the object was replaced: so often it looks again. */
const MOST_LOOKS = 10;

/**
 * Objects in a folder: a file each, and an index that says which of them are objects. A file becomes one by its row in the index, so
 * that whoever is killed in between leaves a file that the next start sweeps away.
 */
export class FolderDriver implements BlobDriver {
  readonly #options: FolderOptions;
  readonly #owner: Disposable;
  readonly #index: ObjectIndex;
  readonly #blobs: string;

  /** FAILED_PRECONDITION where the folder cannot be used: another process has it, a newer version wrote it, or it cannot be written. */
  static async open(options: FolderOptions): Promise<FolderDriver> {
    const { folder } = options;
    try {
      mkdirSync(join(folder, "blobs"), { recursive: true });
      const owner = claimFolder(folder);
      try {
        const driver = new FolderDriver(options, owner, new ObjectIndex(join(folder, "index.db")));
        await driver.#sweep();
        return driver;
      } catch (error) {
        owner[Symbol.dispose]();
        throw error;
      }
    } catch (error) {
      if (error instanceof HadronError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new HadronError(
        "FAILED_PRECONDITION",
        `Files cannot be kept in the folder ${folder}: ${why}. It must be writable by this process, on a disk of this machine.`,
        { cause: error },
      );
    }
  }

  private constructor(options: FolderOptions, owner: Disposable, index: ObjectIndex) {
    this.#options = options;
    this.#owner = owner;
    this.#index = index;
    this.#blobs = join(options.folder, "blobs");
  }

  async put(bucket: string, key: string, chunks: AsyncIterable<Uint8Array>, options: PutOptions): Promise<ObjectInfo> {
    // Before its bytes come, and once more when they are there.
    this.#check(bucket, key, options);
    const blob = this.#options.newName();
    const path = join(this.#blobs, blob);
    try {
      const written = await writeBlob(`${path}.part`, chunks, options.maxBytes);
      await rename(`${path}.part`, path);
      await this.#syncFolder();
      const before = this.#check(bucket, key, options);
      const { contentType } = options;
      const object: IndexedObject = { key, blob, contentType, storedAt: Math.floor(this.#options.now()), ...written };
      this.#index.put(bucket, object);
      if (before !== undefined) await this.#forget(before);
      return toInfo(object);
    } catch (error) {
      await Promise.all([rm(`${path}.part`, { force: true }), rm(path, { force: true })]);
      throw toUnavailable(error);
    }
  }

  async get(bucket: string, key: string, range: Range | undefined): Promise<FoundObject | undefined> {
    for (let look = 1; ; look++) {
      const object = this.#index.find(bucket, key);
      if (object === undefined) return undefined;
      const [start, end] = toBounds(object, range);
      let file: FileHandle;
      try {
        file = await open(join(this.#blobs, object.blob), "r");
      } catch (error) {
        // Replaced since it was looked up.
        if (look < MOST_LOOKS && this.#index.find(bucket, key)?.blob !== object.blob) continue;
        throw new HadronError("INTERNAL", `"${key}" of ${bucket} has lost its file.`, { cause: error });
      }
      return { info: toInfo(object), chunks: readBlob(file, `"${key}" of ${bucket}`, object.sums, start, end) };
    }
  }

  async head(bucket: string, key: string): Promise<ObjectInfo | undefined> {
    const object = this.#index.find(bucket, key);
    return object === undefined ? undefined : toInfo(object);
  }

  async list(bucket: string, page: ListPage): Promise<readonly Listed[]> {
    return this.#index.list(bucket, page);
  }

  async delete(bucket: string, key: string, condition: Pick<Condition, "ifMatch">): Promise<boolean> {
    const object = this.#check(bucket, key, condition);
    if (object === undefined) return false;
    this.#index.remove(bucket, key);
    await this.#forget(object);
    return true;
  }

  async contents(): Promise<readonly BucketContents[]> {
    return this.#index.contents();
  }

  async close(): Promise<void> {
    this.#index.close();
    this.#owner[Symbol.dispose]();
  }

  /** The object as it is now. ABORTED where that is not as it should be. */
  #check(bucket: string, key: string, condition: Condition): IndexedObject | undefined {
    const object = this.#index.find(bucket, key);
    checkCondition(bucket, key, object, condition);
    return object;
  }

  /** Whoever reads it reads on: the file is gone when the last of them has closed it. */
  async #forget({ blob }: IndexedObject): Promise<void> {
    await rm(join(this.#blobs, blob), { force: true });
  }

  /** What was put and did not become an object before its writer died. Nobody puts anything yet. */
  async #sweep(): Promise<void> {
    const objects = this.#index.blobs();
    const left = readdirSync(this.#blobs).filter((name) => !objects.has(name));
    await Promise.all(left.map((name) => rm(join(this.#blobs, name), { force: true })));
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.#blobs, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

function toInfo({ key, bytes, etag, contentType, storedAt }: IndexedObject): ObjectInfo {
  return { key, bytes, etag, contentType, storedAt };
}

/** From the first byte to behind the last. */
function toBounds({ key, bytes }: IndexedObject, range: Range | undefined): readonly [number, number] {
  if (range === undefined) return [0, bytes];
  const { start, end = bytes - 1 } = range;
  if (!(Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start && start < bytes)) {
    throw new HadronError("INVALID_INPUT", `"${key}" has ${bytes} bytes, and none from ${start} to ${end}.`);
  }
  return [start, Math.min(end + 1, bytes)];
}

/** What the disk says, such as that it is full. */
function toUnavailable(error: unknown): unknown {
  if (error instanceof HadronError || !(error instanceof Error && "syscall" in error)) return error;
  return new HadronError("UNAVAILABLE", `The files could not be written: ${error.message}. Look at the disk.`, {
    cause: error,
  });
}
