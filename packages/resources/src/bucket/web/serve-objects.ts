import {
  type ArrivedRequest,
  HadronError,
  isHadronError,
  matchesTag,
  readHead,
  readRange,
  toErrorData,
  toProblem,
  type WebAnswer,
  type WebInput,
  type WebOutput,
} from "@hadron/core/spi";
import { checkContentType } from "../contract/content-type.ts";
import type { BlobDriver, ObjectInfo } from "../contract/driver.ts";
import type { UrlGrant } from "../contract/url-grant.ts";
import { readSignedUrl } from "./signed-url.ts";

/** What requests with signed URLs are answered from. */
export interface ObjectServing {
  readonly driver: BlobDriver;
  /** With which URLs were signed. */
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A page of any site may use a URL that it has: nothing but the URL says that it may. */
const ANY_SITE = ["access-control-allow-origin", "*", "access-control-expose-headers", "content-range, etag"];

/** Could run code where it is opened, with whatever else is found at this host. */
const ACTIVE = /^(?:text\/html|text\/xml|application\/(?:[\w.-]+\+)?xml|image\/svg\+xml|application\/xhtml\+xml)\b/i;

/** Answers a request at a signed URL: GET and HEAD, with ranges and conditions, and PUT. */
export async function serveObjects(serving: ObjectServing, input: WebInput): Promise<WebOutput> {
  try {
    const arrived = await readHead(input);
    const { method } = arrived.head;
    if (method === "OPTIONS") return answerPreflight();
    const grant = readSignedUrl(serving.secret, arrived.head.url.split("?")[1] ?? "", serving.now());
    if (grant.method !== (method === "HEAD" ? "GET" : method)) {
      throw new HadronError("PERMISSION_DENIED", `The URL is for ${grant.method}.`);
    }
    return grant.method === "PUT" ? await store(serving, grant, arrived) : await send(serving, grant, arrived);
  } catch (error) {
    if (isHadronError(error)) return open(toProblem(toErrorData(error)));
    throw error;
  }
}

async function send(
  { driver, now }: ObjectServing,
  { bucket, key, expiresAt }: UrlGrant,
  { head: { method }, headers: asked }: ArrivedRequest,
): Promise<WebOutput> {
  const info = await driver.head(bucket, key);
  if (info === undefined) throw new HadronError("NOT_FOUND", "There is no such object.");
  const headers = headersOf(info, Math.max(0, Math.floor((expiresAt - now()) / 1000)));
  const tag = `"${info.etag}"`;
  if (asked["if-none-match"] !== undefined && matchesTag(asked["if-none-match"], tag)) {
    return open({ status: 304, headers: headers.slice(2) });
  }
  // A range of another version than the client has would be put together with that.
  const isSame = asked["if-range"] === undefined || asked["if-range"] === tag;
  const range = isSame ? readRange(asked.range, info.bytes) : undefined;
  if (range === "none") return open({ status: 416, headers: ["content-range", `bytes */${info.bytes}`] });
  const { from, to } = range ?? { from: 0, to: info.bytes - 1 };
  headers.push("content-length", String(to - from + 1));
  if (range !== undefined) headers.push("content-range", `bytes ${from}-${to}/${info.bytes}`);
  const answer = open({ status: range === undefined ? 200 : 206, headers });
  if (method === "HEAD" || info.bytes === 0) return answer;
  const found = await driver.get(bucket, key, { start: from, end: to });
  // Replaced since: what was said of it would not be true.
  if (found?.info.etag !== info.etag) {
    for await (const _ of found?.chunks ?? []) break; // Its file is closed.
    throw new HadronError("UNAVAILABLE", "The object was replaced at this moment. Ask again.");
  }
  return withBody(answer, found.chunks);
}

async function store(
  { driver }: ObjectServing,
  { bucket, key, contentType, maxBytes = Number.POSITIVE_INFINITY }: UrlGrant,
  { headers, chunks }: ArrivedRequest,
): Promise<WebAnswer> {
  const sent = headers["content-type"] ?? "application/octet-stream";
  if (contentType !== undefined && sent !== contentType) {
    throw new HadronError("PERMISSION_DENIED", `The URL is for content-type: ${contentType}.`);
  }
  checkContentType(sent);
  if (Number(headers["content-length"] ?? 0) > maxBytes) {
    throw new HadronError("TOO_LARGE", `The bucket takes objects of up to ${maxBytes} bytes.`);
  }
  const info = await driver.put(bucket, key, chunks, { contentType: sent, maxBytes });
  const body = JSON.stringify(info);
  return open({ status: 200, headers: ["content-type", "application/json", "etag", `"${info.etag}"`], body });
}

function headersOf({ contentType, etag, storedAt }: ObjectInfo, leftSeconds: number): string[] {
  return [
    ...["content-type", contentType, "etag", `"${etag}"`, "last-modified", new Date(storedAt).toUTCString()],
    ...[
      "cache-control",
      `private, max-age=${leftSeconds}`,
      "accept-ranges",
      "bytes",
      "x-content-type-options",
      "nosniff",
    ],
    ...(ACTIVE.test(contentType) ? ["content-security-policy", "sandbox"] : []),
  ];
}

async function* withBody(
  answer: WebAnswer,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<WebAnswer | Uint8Array, void, undefined> {
  yield answer;
  yield* chunks;
}

function answerPreflight(): WebAnswer {
  const allowed = ["access-control-allow-methods", "GET, HEAD, PUT", "access-control-allow-headers", "*"];
  return open({ status: 204, headers: [...allowed, "access-control-max-age", "86400"] });
}

function open(answer: WebAnswer): WebAnswer {
  return { ...answer, headers: [...answer.headers, ...ANY_SITE] };
}
