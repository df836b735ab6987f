import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { HadronError } from "../../errors.ts";

/*
 * A backup is one file: a line of JSON that says whose it is; for each keeper a line with its name, and its bytes in chunks behind
 * their lengths (four bytes, big-endian; 0 ends them); and a last line with the SHA-256 of all before it. What was cut off on its way
 * has no such line.
 */

const VERSION = 1;

/** What the first line says. */
export interface ArchiveHead {
  readonly hadron: "backup";
  readonly version: number;
  readonly app: string;
  /** When it was begun, ISO 8601. */
  readonly at: string;
}

/** Writes a backup, part by part. */
export class ArchiveWriter {
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash("sha256");
  #bytes = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** ALREADY_EXISTS where there is such a file. */
  static async create(path: string, app: string, at: Date): Promise<ArchiveWriter> {
    let file: FileHandle;
    try {
      file = await open(path, "wx", 0o600);
    } catch (cause) {
      const isThere = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
      const why = isThere ? "There is a file" : "No file can be written at";
      throw new HadronError(isThere ? "ALREADY_EXISTS" : "RUNNER_FAILED", `${why} ${path}; name another one.`, {
        cause,
      });
    }
    const writer = new ArchiveWriter(file);
    await writer.#line({ hadron: "backup", version: VERSION, app, at: at.toISOString() } satisfies ArchiveHead);
    return writer;
  }

  async part(keeper: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#line({ keeper });
    for await (const chunk of chunks) if (chunk.length > 0) await this.#write(lengthOf(chunk.length), chunk);
    await this.#write(lengthOf(0));
  }

  /** Resolves with its size in bytes when it is on disk. */
  async finish(): Promise<number> {
    await this.#line({ sha256: this.#hash.copy().digest("hex") });
    await this.#file.sync();
    await this.#file.close();
    return this.#bytes;
  }

  async abandon(): Promise<void> {
    await this.#file.close();
  }

  async #line(value: unknown): Promise<void> {
    await this.#write(Buffer.from(`${JSON.stringify(value)}\n`));
  }

  async #write(...pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) this.#hash.update(piece);
    const { bytesWritten } = await this.#file.writev([...pieces]);
    this.#bytes += bytesWritten;
  }
}

/** A part of a backup. Its chunks must be taken before the next part is asked for. */
export interface ArchivePart {
  readonly keeper: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Reads a backup from its beginning to its end. FAILED_PRECONDITION where it is none, is cut off, or is not as it was written. */
export class ArchiveReader {
  readonly #path: string;
  readonly #input: AsyncIterator<Buffer>;
  readonly #hash: Hash = createHash("sha256");
  #held: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
    this.#input = (createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  async head(): Promise<ArchiveHead> {
    const head = (await this.#line()) as Partial<ArchiveHead>;
    if (head.hadron !== "backup" || head.app === undefined) throw this.#bad("is no backup");
    if (head.version !== VERSION) throw this.#bad("was written by another version of Hadron: restore it with that one");
    return head as ArchiveHead;
  }

  async *parts(): AsyncGenerator<ArchivePart, void, undefined> {
    for (;;) {
      const sum = this.#hash.copy().digest("hex");
      const line = (await this.#line()) as { readonly keeper?: string; readonly sha256?: string };
      if (line.sha256 !== undefined) {
        if (line.sha256 === sum) return;
        throw this.#bad("is not as it was written: its checksum is another");
      }
      if (line.keeper === undefined) throw this.#bad("is no backup");
      yield { keeper: line.keeper, chunks: this.#chunks() };
    }
  }

  async close(): Promise<void> {
    await this.#input.return?.();
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const length = (await this.#take(4)).readUInt32BE();
      if (length === 0) return;
      if (length > 1 << 26) throw this.#bad("is no backup");
      yield await this.#take(length);
    }
  }

  async #line(): Promise<unknown> {
    for (;;) {
      const end = this.#held.indexOf(10);
      if (end >= 0) {
        const text = (await this.#take(end + 1)).toString();
        try {
          return JSON.parse(text);
        } catch {
          throw this.#bad("is no backup");
        }
      }
      if (this.#held.length > 1 << 16) throw this.#bad("is no backup");
      await this.#more();
    }
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#held.length < length) await this.#more();
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    this.#hash.update(taken);
    return taken;
  }

  async #more(): Promise<void> {
    let next: IteratorResult<Buffer>;
    try {
      next = await this.#input.next();
    } catch (cause) {
      throw new HadronError("WRONG_USE", `${this.#path} cannot be read.`, { cause });
    }
    if (next.done === true) throw this.#bad("is cut off before its end");
    this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
  }

  #bad(what: string): HadronError {
    return new HadronError("FAILED_PRECONDITION", `${this.#path} ${what}. Nothing was restored.`);
  }
}

function lengthOf(bytes: number): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}
