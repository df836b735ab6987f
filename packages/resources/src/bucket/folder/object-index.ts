import { DatabaseSync } from "node:sqlite";
import { HadronError } from "@hadron/core/spi";
import type { BucketContents, Listed, ListPage, ObjectInfo } from "../contract/driver.ts";
import { LAST, startOfPage } from "../contract/start-of-page.ts";

/** A step that was released is never changed. */
const VERSION = 1;
const TABLES = `
  create table object (
    bucket text not null, key text not null, blob text not null, bytes integer not null, etag text not null, type text not null,
    sums blob not null, stored integer not null, primary key (bucket, key)
  ) without rowid;
  create index object_blob on object (blob);
`;

/** An object, and where its bytes are. */
export interface IndexedObject extends ObjectInfo {
  /** The name of its file. */
  readonly blob: string;
  /** A sum of each of its blocks. */
  readonly sums: Uint8Array;
}

/** Which objects there are. A write is on disk when it returns. */
export class ObjectIndex {
  readonly #database: DatabaseSync;
  readonly #statements;

  /** FAILED_PRECONDITION, and nothing changed, where a newer version made it. */
  constructor(path: string) {
    const database = new DatabaseSync(path);
    try {
      database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000");
      const { user_version: found } = database.prepare("pragma user_version").get() as { user_version: number };
      if (found > VERSION) {
        throw new HadronError(
          "FAILED_PRECONDITION",
          `The files in ${path} were written by a newer version of Hadron (its index is of version ${found}, known here are up to ` +
            `${VERSION}). They are unharmed: install that version.`,
        );
      }
      if (found === 0) database.exec(`begin; ${TABLES} pragma user_version = ${VERSION}; commit`);
    } catch (error) {
      database.close();
      throw error;
    }
    const columns = "key, blob, bytes, etag, type as contentType, sums, stored as storedAt";
    this.#database = database;
    this.#statements = {
      find: database.prepare(`select ${columns} from object where bucket = ? and key = ?`),
      put: database.prepare(
        `insert into object (bucket, key, blob, bytes, etag, type, sums, stored) values (?, ?, ?, ?, ?, ?, ?, ?)
         on conflict do update set blob = excluded.blob, bytes = excluded.bytes, etag = excluded.etag, type = excluded.type,
           sums = excluded.sums, stored = excluded.stored`,
      ),
      remove: database.prepare("delete from object where bucket = ? and key = ?"),
      // SQLite compares text by the bytes of its UTF-8.
      list: database.prepare(`select ${columns} from object where bucket = ? and key >= ? and key > ? order by key`),
      blobs: database.prepare("select blob from object"),
      contents: database.prepare(
        "select bucket, count(*) as objects, sum(bytes) as bytes from object group by bucket order by bucket",
      ),
    };
  }

  find(bucket: string, key: string): IndexedObject | undefined {
    return this.#statements.find.get(bucket, key) as IndexedObject | undefined;
  }

  put(bucket: string, { key, blob, bytes, etag, contentType, sums, storedAt }: IndexedObject): void {
    this.#statements.put.run(bucket, key, blob, bytes, etag, contentType, sums, storedAt);
  }

  remove(bucket: string, key: string): void {
    this.#statements.remove.run(bucket, key);
  }

  list(bucket: string, page: ListPage): readonly Listed[] {
    const { prefix, delimiter, most } = page;
    const listed: Listed[] = [];
    let behind = startOfPage(page);
    while (listed.length < most) {
      const next = this.#next(bucket, { prefix, delimiter, behind, most: most - listed.length });
      listed.push(...next.listed);
      if (next.behind === undefined) break;
      behind = next.behind;
    }
    return listed;
  }

  /** Up to the next common prefix, behind which a look for the next begins: what has it is not read. */
  #next(bucket: string, { prefix, delimiter, behind, most }: Omit<ListPage, "after"> & { readonly behind: string }) {
    const listed: Listed[] = [];
    for (const row of this.#statements.list.iterate(bucket, prefix, behind)) {
      const { blob: _, sums: __, contentType: ___, ...info } = row as unknown as IndexedObject;
      if (!info.key.startsWith(prefix) || listed.length === most) break;
      const at = delimiter === undefined ? -1 : info.key.indexOf(delimiter, prefix.length);
      if (delimiter === undefined || at < 0) {
        listed.push({ ...info });
        continue;
      }
      const common = info.key.slice(0, at + delimiter.length);
      return { listed: [...listed, { prefix: common }], behind: `${common}${LAST}` };
    }
    return { listed, behind: undefined };
  }

  /** The files that objects are in. */
  blobs(): ReadonlySet<string> {
    return new Set((this.#statements.blobs.all() as { blob: string }[]).map(({ blob }) => blob));
  }

  contents(): readonly BucketContents[] {
    return this.#statements.contents.all() as unknown as readonly BucketContents[];
  }

  close(): void {
    this.#database.close();
  }
}
