import type { Clock } from "@hadron/core";
import { HadronError } from "@hadron/core/spi";
import { checkDeployment, type Deployment } from "../../client/deployment.ts";
import { checkCondition } from "../contract/conditions.ts";
import type {
  BlobDriver,
  BucketContents,
  Condition,
  FoundObject,
  Listed,
  ListedObject,
  ListPage,
  ObjectInfo,
  PutOptions,
  Range,
} from "../contract/driver.ts";
import type { Note } from "../contract/note.ts";
import { startOfPage } from "../contract/start-of-page.ts";
import { readAddress } from "./address.ts";
import { type Element, elementsOf, S3Requests, textOf } from "./requests.ts";
import { endUpload, toEtag, upload } from "./upload.ts";

/** Longer keys are none on S3, with what stands before them. */
const MOST_KEY_BYTES = 1024;
/** An upload that is as old belongs to nobody who lives. */
const ABANDONED_MS = 24 * 3_600_000;
/** Objects of a bucket are counted up to here: counting is listing. */
const MOST_PAGES_COUNTED = 10;

/** Which bucket of which server, and for which app. */
export interface S3Options {
  /** Where the URL comes from, for messages: it is secret itself. */
  readonly variable: string;
  readonly url: string;
  /** Objects of this app lie below its name. */
  readonly app: string;
  readonly deployment: Deployment;
  readonly clock: Clock;
}

/**
 * Objects on a server that speaks S3, each under `PREFIX/APP/BUCKET/KEY`. What it answers is as durable and as consistent as the server is:
 * S3 itself reads its own writes, in lists, too. Conditions go along to the server, and are looked at here before: of two that write one key
 * through this driver at once, the second begins when the first has ended, so that a server that knows no conditions keeps them, too.
 */
export class S3Driver implements BlobDriver {
  readonly #requests: S3Requests;
  readonly #root: string;
  readonly #clock: Clock;
  /** Who writes which key at this moment. */
  readonly #writing = new Map<string, Promise<unknown>>();

  /** FAILED_PRECONDITION where the bucket is not there, or the key may not use it; UNAVAILABLE where its server is away. */
  static async open({ variable, url, app, deployment, clock }: S3Options): Promise<S3Driver> {
    const address = readAddress(variable, url);
    const driver = new S3Driver(new S3Requests(address, clock), `${address.prefix}${app}/`, clock);
    await driver.#sweep();
    await driver.#claim(app, deployment);
    return driver;
  }

  private constructor(requests: S3Requests, root: string, clock: Clock) {
    this.#requests = requests;
    this.#root = root;
    this.#clock = clock;
  }

  async put(bucket: string, key: string, chunks: AsyncIterable<Uint8Array>, options: PutOptions): Promise<ObjectInfo> {
    const { contentType, maxBytes, ifMatch, ifNoneMatch } = options;
    const at = this.#at(bucket, key);
    const conditions = {
      ...(ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` }),
      ...(ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch }),
    };
    const put = async () => {
      const stored = await upload(this.#requests, chunks, { key: at, contentType, maxBytes, conditions });
      return { key, contentType, ...stored, storedAt: Math.floor(this.#clock.wallNow()) };
    };
    if (ifMatch === undefined && ifNoneMatch === undefined) return put();
    return this.#alone(at, async () => {
      await this.#check(bucket, key, options);
      return put();
    });
  }

  async get(bucket: string, key: string, range: Range | undefined): Promise<FoundObject | undefined> {
    const { start = 0, end } = range ?? {};
    if (end !== undefined && end < start) throw noSuchBytes(key, start, end);
    const headers = range === undefined ? {} : { range: `bytes=${start}-${end ?? ""}` };
    const request = { method: "GET", key: this.#at(bucket, key), headers, accept: [404, 416] } as const;
    const response = await this.#requests.send(request);
    if (response.ok) return { info: toInfo(key, response.headers), chunks: this.#chunksOf(key, response) };
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    throw noSuchBytes(key, start, end);
  }

  async head(bucket: string, key: string): Promise<ObjectInfo | undefined> {
    const response = await this.#requests.send({ method: "HEAD", key: this.#at(bucket, key), accept: [404] });
    return response.ok ? toInfo(key, response.headers) : undefined;
  }

  async list(bucket: string, page: ListPage): Promise<readonly Listed[]> {
    const { prefix, delimiter, after = "", most } = page;
    const root = `${this.#root}${bucket}/`;
    const start = startOfPage(page);
    const listed: Listed[] = [];
    let from: Readonly<Record<string, string>> = start === "" ? {} : { "start-after": `${root}${start}` };
    while (listed.length < most) {
      const found = await this.#page({
        prefix: `${root}${prefix}`,
        ...(delimiter === undefined ? {} : { delimiter }),
        "max-keys": String(Math.min(1000, most - listed.length)),
        ...from,
      });
      const { objects, commons } = readPage(found, root.length);
      // Where a page begins within what is folded, that is folded once more.
      listed.push(...[...objects, ...commons].filter((entry) => compare(nameOf(entry), after) > 0).sort(byName));
      if (textOf(found, "IsTruncated") !== "true") break;
      from = { "continuation-token": textOf(found, "NextContinuationToken") };
    }
    return listed;
  }

  async delete(bucket: string, key: string, condition: Pick<Condition, "ifMatch">): Promise<boolean> {
    const at = this.#at(bucket, key);
    return this.#alone(at, async () => {
      const found = await this.#check(bucket, key, condition);
      if (found === undefined) return false;
      const response = await this.#requests.send({ method: "DELETE", key: at, accept: [404] });
      await response.body?.cancel();
      return response.ok;
    });
  }

  async contents(): Promise<readonly BucketContents[]> {
    const contents: BucketContents[] = [];
    let from: Readonly<Record<string, string>> = {};
    for (;;) {
      const page = await this.#page({ prefix: this.#root, delimiter: "/", ...from });
      for (const { prefix } of readPage(page, this.#root.length).commons) {
        contents.push({ bucket: prefix.slice(0, -1), ...(await this.#count(`${this.#root}${prefix}`)) });
      }
      if (textOf(page, "IsTruncated") !== "true") return contents;
      from = { "continuation-token": textOf(page, "NextContinuationToken") };
    }
  }

  url(
    { method, bucket, key, contentType }: Parameters<NonNullable<BlobDriver["url"]>>[0],
    ttlMs: number,
  ): Promise<string> {
    const headers: Readonly<Record<string, string>> = contentType === undefined ? {} : { "content-type": contentType };
    return this.#requests.presign(method, this.#at(bucket, key), Math.ceil(ttlMs / 1000), headers);
  }

  note(name: string): Note {
    const key = `${this.#root}${name}`;
    return {
      read: async () => {
        const response = await this.#requests.send({ method: "GET", key, accept: [404] });
        const text = await this.#clock.outside(response.text());
        return response.ok ? text : undefined;
      },
      write: async (text) => {
        const headers = { "content-type": "application/json" };
        await (await this.#requests.send({ method: "PUT", key, headers, body: Buffer.from(text) })).body?.cancel();
      },
    };
  }

  async close(): Promise<void> {}

  async #check(bucket: string, key: string, { ifMatch, ifNoneMatch }: Condition): Promise<ObjectInfo | undefined> {
    const found = await this.head(bucket, key);
    checkCondition(bucket, key, found, { ifMatch, ifNoneMatch });
    return found;
  }

  /** Does it when nobody else writes the key. */
  async #alone<T>(at: string, work: () => Promise<T>): Promise<T> {
    const before = this.#writing.get(at);
    const done = (before ?? Promise.resolve()).then(work, work);
    this.#writing.set(at, done);
    try {
      return await done;
    } finally {
      if (this.#writing.get(at) === done) this.#writing.delete(at);
    }
  }

  #at(bucket: string, key: string): string {
    const at = `${this.#root}${bucket}/${key}`;
    const bytes = Buffer.byteLength(at);
    if (bytes > MOST_KEY_BYTES) {
      const text = `The key has ${Buffer.byteLength(key)} bytes, and on S3 may have ${MOST_KEY_BYTES - (bytes - Buffer.byteLength(key))}, behind "${this.#root}${bucket}/".`;
      throw new HadronError("TOO_LARGE", text);
    }
    if (/(?:^|\/)\.\.?(?:\/|$)/.test(key)) {
      throw new HadronError(
        "INVALID_INPUT",
        `The key "${key}" has a part that is . or .., which cannot be asked for on S3.`,
      );
    }
    return at;
  }

  /** Entries in an order that is the server's, of keys as URLs have them: so every character comes through. */
  #page(query: Readonly<Record<string, string>>): Promise<Element> {
    return this.#requests.ask({ method: "GET", query: { "list-type": "2", "encoding-type": "url", ...query } });
  }

  async #count(root: string) {
    let objects = 0;
    let bytes = 0;
    let from: Readonly<Record<string, string>> = {};
    for (let read = 1; ; read++) {
      const page = await this.#page({ prefix: root, ...from });
      for (const element of elementsOf(page, "Contents")) {
        objects++;
        bytes += Number(textOf(element, "Size"));
      }
      const more = textOf(page, "IsTruncated") === "true";
      if (!more || read === MOST_PAGES_COUNTED) return { objects, bytes, more };
      from = { "continuation-token": textOf(page, "NextContinuationToken") };
    }
  }

  async *#chunksOf(key: string, { body }: Response): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = body?.getReader();
    if (reader === undefined) return;
    try {
      for (;;) {
        const { done, value } = await this.#clock.outside(reader.read());
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw new HadronError(
        "UNAVAILABLE",
        `The server of the buckets ended in the middle of "${key}". Read it again.`,
        {
          cause: error,
        },
      );
    } finally {
      await reader.cancel().catch(() => {}); // It has said already what it had to.
    }
  }

  /** Writes down whose objects these are, where nobody has. FAILED_PRECONDITION where they are another deployment's. */
  async #claim(app: string, deployment: Deployment): Promise<void> {
    const note = this.note("deployment");
    const what = `What the bucket has of "${app}"`;
    const kept = await note.read();
    if (kept !== undefined) checkDeployment(what, kept, deployment);
    if (kept === deployment.id) return;
    await note.write(deployment.id);
    // Of two that begin at once one has written last.
    checkDeployment(what, (await note.read()) ?? "", { ...deployment, adopt: false });
  }

  /** What was begun and became no object, long ago. It asks the server, too: whether the bucket is there, and open to the key. */
  async #sweep(): Promise<void> {
    await this.#page({ prefix: this.#root, "max-keys": "1" });
    const query = { uploads: "", prefix: this.#root, "encoding-type": "url" };
    // Not every server tells of uploads: there what was begun is swept away by its own rules.
    const uploads = await this.#requests.ask({ method: "GET", query, accept: [405, 501] });
    const isEncoded = textOf(uploads, "EncodingType") === "url";
    for (const element of elementsOf(uploads, "Upload")) {
      if (Date.parse(textOf(element, "Initiated")) > this.#clock.wallNow() - ABANDONED_MS) continue;
      await endUpload(this.#requests, toKey(element, "Key", isEncoded), textOf(element, "UploadId"));
    }
  }
}

function toInfo(key: string, headers: Headers): ObjectInfo {
  const [, whole] = /\/(\d+)$/.exec(headers.get("content-range") ?? "") ?? [];
  return {
    key,
    bytes: Number(whole ?? headers.get("content-length") ?? 0),
    etag: toEtag(headers.get("etag")),
    contentType: headers.get("content-type") ?? "application/octet-stream",
    storedAt: Date.parse(headers.get("last-modified") ?? ""),
  };
}

/** Objects and common beginnings of a page of a list, by what their keys have behind so many characters. */
function readPage(page: Element, rootLength: number) {
  const isEncoded = textOf(page, "EncodingType") === "url";
  const objects = elementsOf(page, "Contents").map(
    (element): ListedObject => ({
      key: toKey(element, "Key", isEncoded).slice(rootLength),
      bytes: Number(textOf(element, "Size")),
      etag: toEtag(textOf(element, "ETag")),
      storedAt: Date.parse(textOf(element, "LastModified")),
    }),
  );
  const commons = elementsOf(page, "CommonPrefixes").map((element) => ({
    prefix: toKey(element, "Prefix", isEncoded).slice(rootLength),
  }));
  return { objects, commons };
}

/** A key as a list has it: each character written as in the query of a URL, where the server does that. */
function toKey(element: Element, name: string, isEncoded: boolean): string {
  const written = textOf(element, name);
  return isEncoded ? decodeURIComponent(written.replaceAll("+", "%20")) : written;
}

function nameOf(entry: Listed): string {
  return "key" in entry ? entry.key : entry.prefix;
}

function byName(a: Listed, b: Listed): number {
  return compare(nameOf(a), nameOf(b));
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function noSuchBytes(key: string, start: number, end: number | undefined): HadronError {
  return new HadronError("INVALID_INPUT", `"${key}" has no bytes from ${start} to ${end ?? "its end"}.`);
}
