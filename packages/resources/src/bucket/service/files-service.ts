import { onStart, procedure, type StartContext } from "@hadron/core";
import { HadronError, hiddenService, isHadronError, pattern, type WebInput } from "@hadron/core/spi";
import type { BlobDriver, Condition, ListPage, ObjectInfo, PutOptions, Range } from "../contract/driver.ts";
import { type ObjectServing, serveObjects } from "../web/serve-objects.ts";
import { toSignedUrl, type UrlGrant } from "../web/signed-url.ts";
import { FilesKeeper } from "./keeper.ts";

/** What comes before the bytes of an object that is put. */
export interface PutHead extends PutOptions {
  readonly bucket: string;
  readonly key: string;
}

/** What names an object. */
export interface Named {
  readonly bucket: string;
  readonly key: string;
}

/** Which URL is asked for. */
export interface UrlRequest extends Omit<UrlGrant, "expiresAt"> {
  readonly ttlMs: number;
}

interface Opened {
  readonly driver: BlobDriver;
  readonly keeper: FilesKeeper;
  readonly serving: ObjectServing;
  readonly outside: string | undefined;
}

/** The generated secret with which URLs are signed. */
const URL_KEY = "BUCKET_URL_KEY";

const idempotent = { idempotent: true } as const;

/**
 * The hidden service that keeps an app's buckets: one replica, with a folder of its own. Objects go in and out as streams, whose
 * first item says which object it is.
 */
export const files = hiddenService(
  "hadron.files",
  pattern({
    name: "files",
    children: {},
    needs: { storage: { path: "files" }, generated: [URL_KEY] },
    root: () => {
      let opened: Opened | undefined;
      const started = () => {
        if (opened !== undefined) return opened;
        throw new HadronError("UNAVAILABLE", "The files have not been opened yet.", { unsent: true });
      };
      return {
        put: (items: AsyncIterable<PutHead | Uint8Array>) => put(started().driver, items),
        get: ({ bucket, key, range }: Named & { readonly range: Range | undefined }) =>
          get(started().driver, bucket, key, range),
        head: procedure(idempotent, ({ bucket, key }: Named) => started().driver.head(bucket, key)),
        list: procedure(idempotent, ({ bucket, page }: { readonly bucket: string; readonly page: ListPage }) =>
          started().driver.list(bucket, page),
        ),
        delete: ({ bucket, key, ...condition }: Named & Pick<Condition, "ifMatch">) =>
          started().driver.delete(bucket, key, condition),
        url: procedure(idempotent, (request: UrlRequest) => makeUrl(started(), request)),
        fetch: procedure({ face: { web: true } }, (input: WebInput) => serveObjects(started().serving, input)),
        kept: procedure(idempotent, () => started().keeper.kept()),
        drop: procedure(idempotent, ({ name }: { readonly name: string }) =>
          started().keeper.drop({ kind: "bucket", name }),
        ),
        backup: () => started().keeper.backup(),
        restore: (bytes: AsyncIterable<Uint8Array>) => started().keeper.restore(bytes),
        async [onStart]({ replica, signal, clock, keeps, outside }: StartContext) {
          const { storage } = replica;
          if (storage === undefined)
            throw new HadronError("FAILED_PRECONDITION", "The files were given no folder to be kept in.");
          // Loaded where it is served: SQLite is no part of those who call.
          const { FolderDriver } = await import("../folder/driver.ts");
          const options = { folder: storage, now: () => clock.wallNow(), newName: () => clock.uuid() };
          const driver = await FolderDriver.open(options);
          const serving = { driver, secret: process.env[URL_KEY] ?? "", now: options.now };
          opened = { driver, keeper: new FilesKeeper(driver, storage), serving, outside };
          if (keeps.length > 0) await opened.keeper.declare(keeps);
          const stop = () => {
            // Killed, it must let go of its folder.
            if (isHadronError(signal.reason) && signal.reason.code === "UNAVAILABLE") void driver.close();
          };
          if (signal.aborted) stop();
          else signal.addEventListener("abort", stop, { once: true });
        },
        async [Symbol.asyncDispose]() {
          await opened?.driver.close();
        },
      };
    },
  }),
  { limits: { concurrency: 10_000 } },
);

function makeUrl({ serving: { secret, now }, outside }: Opened, { ttlMs, ...grant }: UrlRequest): string {
  if (outside !== undefined && secret !== "") {
    return toSignedUrl(secret, outside, { ...grant, expiresAt: Math.ceil(now() + ttlMs) });
  }
  throw new HadronError(
    "FAILED_PRECONDITION",
    `There is no address at which outside callers find objects. Declare one: bucket("${grant.bucket}", { expose: { port: 8080 } }), or ` +
      'expose: { url: "https://files.example.com" } where something of yours stands before it.',
  );
}

async function put(driver: BlobDriver, items: AsyncIterable<PutHead | Uint8Array>): Promise<ObjectInfo> {
  const source = items[Symbol.asyncIterator]();
  try {
    const { value: head } = await source.next();
    if (head === undefined || head instanceof Uint8Array) {
      throw new HadronError("INVALID_INPUT", "A put begins with what says which object it is.");
    }
    const { bucket, key, ...options } = head;
    return await driver.put(bucket, key, chunksOf(source), options);
  } finally {
    await source.return?.();
  }
}

async function* chunksOf(source: AsyncIterator<PutHead | Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const { done, value } = await source.next();
    if (done === true) return;
    if (!(value instanceof Uint8Array)) throw new HadronError("INVALID_INPUT", "An object is made of bytes.");
    yield value;
  }
}

/** What it is, or null where there is none; then its bytes. */
async function* get(
  driver: BlobDriver,
  bucket: string,
  key: string,
  range: Range | undefined,
): AsyncGenerator<ObjectInfo | null | Uint8Array, void, undefined> {
  const found = await driver.get(bucket, key, range);
  yield found?.info ?? null;
  if (found !== undefined) yield* found.chunks;
}
