import { join } from "node:path";
import { onStart, procedure, type StartContext } from "@hadron/core";
import { HadronError, hiddenService, isHadronError, pattern, type WebInput } from "@hadron/core/spi";
import { DEPLOYMENT, thisDeployment } from "../../client/deployment.ts";
import type { BlobDriver, Condition, ListPage, ObjectInfo, PutOptions, Range } from "../contract/driver.ts";
import type { UrlGrant } from "../contract/url-grant.ts";
import { type ObjectServing, serveObjects } from "../web/serve-objects.ts";
import { toSignedUrl } from "../web/signed-url.ts";
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

/** What a replica of the files does, wherever it keeps them. */
function serveFiles(open: (context: StartContext) => Promise<Pick<Opened, "driver" | "keeper">>) {
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
    restorable: procedure(idempotent, () => started().keeper.restorable()),
    restore: (bytes: AsyncIterable<Uint8Array>) => started().keeper.restore(bytes),
    async [onStart](context: StartContext) {
      const { signal, clock, keeps, outside } = context;
      const { driver, keeper } = await open(context);
      const serving = { driver, secret: process.env[URL_KEY] ?? "", now: () => clock.wallNow() };
      opened = { driver, keeper, serving, outside };
      if (keeps.length > 0) await keeper.declare(keeps);
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
}

const S3 = "hadron.s3";

/** Never part of an app: what keeps objects in S3 is a server elsewhere (`--s3`), and only its URL comes along. */
const s3 = hiddenService(S3, {
  [onStart]: () => {
    throw new HadronError("FAILED_PRECONDITION", "No S3 server runs here: say with --s3 which variable holds its URL.");
  },
});

/**
 * The hidden service that keeps an app's buckets: one replica, with a folder of its own, or (`--s3`) with none, and all on a server that
 * speaks S3. Objects go in and out as streams, whose first item says which object it is.
 */
export const files = hiddenService(
  "hadron.files",
  pattern({
    name: "files",
    children: {},
    needs: { storage: { path: "files" }, generated: [URL_KEY] },
    root: () => serveFiles(openFolder),
  }),
  {
    limits: { concurrency: 10_000 },
    variants: {
      s3: pattern({
        name: "files",
        children: {},
        needs: { uses: [s3], generated: [URL_KEY, DEPLOYMENT] },
        root: () => serveFiles(openS3),
      }),
    },
  },
);

async function openFolder({ replica, clock }: StartContext): Promise<Pick<Opened, "driver" | "keeper">> {
  const { storage } = replica;
  if (storage === undefined)
    throw new HadronError("FAILED_PRECONDITION", "The files were given no folder to be kept in.");
  // Loaded where it is served: SQLite is no part of those who call.
  const { FolderDriver, fileNote } = await import("../folder/index.ts");
  const options = { folder: storage, now: () => clock.wallNow(), newName: () => clock.uuid() };
  const driver = await FolderDriver.open(options);
  return { driver, keeper: new FilesKeeper(driver, fileNote(join(storage, "declared.json"))) };
}

async function openS3({ app, elsewhere, adopt, clock }: StartContext): Promise<Pick<Opened, "driver" | "keeper">> {
  const { S3Driver } = await clock.outside(import("../s3/driver.ts"));
  const variable = elsewhere[S3] ?? "";
  const driver = await S3Driver.open({
    variable,
    url: process.env[variable] ?? "",
    app,
    deployment: thisDeployment(adopt),
    clock,
  });
  return { driver, keeper: new FilesKeeper(driver, driver.note("declared.json"), "s3") };
}

/** Where an address was declared, there; else at the server that keeps the objects, where that has one and can grant no more than this. */
async function makeUrl(
  { driver, serving, outside }: Opened,
  { ttlMs, maxBytes, ...grant }: UrlRequest,
): Promise<string> {
  const { secret, now } = serving;
  if (outside !== undefined && secret !== "") {
    return toSignedUrl(secret, outside, { ...grant, maxBytes, expiresAt: Math.ceil(now() + ttlMs) });
  }
  if (driver.url !== undefined) {
    if (maxBytes === undefined) return driver.url(grant, ttlMs);
    throw new HadronError(
      "FAILED_PRECONDITION",
      `A signed URL of S3 cannot hold an upload to the maxBytes of bucket("${grant.bucket}"). Declare an address of its own, as with ` +
        "expose: { port: 8080 }, or no maxBytes.",
    );
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
