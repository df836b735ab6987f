import { createReadStream } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { sep } from "node:path";
import { matchesTag, readRange } from "@hadron/core/spi";
import { lookup } from "mrmime";
import type { Answer } from "../answer/answer.ts";
import { HttpAnswer, problem } from "../answer/http-answer.ts";
import { toAnswer } from "../answer/to-answer.ts";
import type { Arrived } from "../request/arrived.ts";
import type { FilesRoute } from "../routes/types.ts";

/** A name with a hash in it, as bundlers make: what is behind it never changes. */
const HASHED = /[.-](?=[\w-]*\d)[A-Za-z0-9_-]{8,}\.\w+(?:\.map)?$/;

const IMMUTABLE = "public, max-age=31536000, immutable";

/**
 * Sends a file of a folder: 404 for what is not there, what is hidden, and what a link leads out to; a folder's `index.html`
 * for the folder.
 */
export async function sendFile(
  { place, options }: FilesRoute,
  segments: readonly string[],
  slash: boolean,
  arrived: Arrived,
): Promise<Answer> {
  const { method } = arrived;
  if (method !== "GET" && method !== "HEAD") {
    const { status, headers, body } = problem(405, "Send GET, HEAD.");
    return { status, headers: [...headers, "allow", "GET, HEAD"], body };
  }
  const root = place();
  const found = await find(root, segments, slash);
  if (found === "folder") return toAnswer(new HttpAnswer(308, ["location", withSlash(arrived.url)]));
  if (found !== undefined) return send(found, options.maxAgeSeconds, arrived);
  const isPage = options.spa && !(segments.at(-1) ?? "").includes(".");
  const page = isPage ? await find(root, ["index.html"], false) : undefined;
  if (page !== undefined && page !== "folder") return send(page, 0, arrived);
  return toAnswer(problem(404, "Nothing is at this path."));
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly name: string;
  readonly size: number;
  readonly changedAt: Date;
}

/** Opens what segments lead to; "folder" where that is one, and was asked for without a slash. */
async function find(
  root: string,
  segments: readonly string[],
  slash: boolean,
): Promise<OpenFile | "folder" | undefined> {
  // A "/" here was `%2F`: no name of a file.
  if (segments.some((segment) => segment === "" || segment.startsWith(".") || /[/\\\0]/.test(segment)))
    return undefined;
  const file = await openFile(root, [...segments]);
  if (file === undefined) return undefined;
  if (file !== "folder") return slash ? close(file) : file;
  if (!slash && segments.length > 0) return (await exists(root, [...segments, "index.html"])) ? "folder" : undefined;
  const index = await openFile(root, [...segments, "index.html"]);
  return index === "folder" ? undefined : index;
}

async function exists(root: string, segments: readonly string[]): Promise<boolean> {
  const file = await openFile(root, segments);
  if (file === undefined || file === "folder") return false;
  await close(file);
  return true;
}

async function close({ handle }: OpenFile): Promise<undefined> {
  await handle.close();
  return undefined;
}

async function openFile(root: string, segments: readonly string[]): Promise<OpenFile | "folder" | undefined> {
  try {
    // Where links lead: what is not below the folder then is not of it.
    const [top, path] = await Promise.all([realpath(root), realpath([root, ...segments].join(sep))]);
    if (path !== top && !path.startsWith(top + sep)) return undefined;
    const handle = await open(path, "r");
    const stat = await handle.stat();
    if (stat.isFile()) return { handle, name: segments.at(-1) ?? "", size: stat.size, changedAt: stat.mtime };
    await handle.close();
    return stat.isDirectory() ? "folder" : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG" || code === "ELOOP") return undefined;
    throw error;
  }
}

async function send(file: OpenFile, maxAgeSeconds: number, { method, headers: asked }: Arrived): Promise<Answer> {
  const { handle, name, size, changedAt } = file;
  const tag = `"${size.toString(36)}-${Math.floor(changedAt.getTime()).toString(36)}"`;
  const type = lookup(name) ?? "application/octet-stream";
  const cached = HASHED.test(name) ? IMMUTABLE : maxAgeSeconds > 0 ? `public, max-age=${maxAgeSeconds}` : "no-cache";
  const headers = [
    ...["content-type", /^text\/|\+?(?:json|xml|javascript)$/.test(type) ? `${type}; charset=utf-8` : type],
    ...["etag", tag, "last-modified", changedAt.toUTCString(), "cache-control", cached],
    ...["accept-ranges", "bytes", "x-content-type-options", "nosniff"],
  ];
  const whole = asked["if-none-match"] === undefined && asked["if-modified-since"] !== undefined;
  const unchanged =
    whole && Math.floor(changedAt.getTime() / 1000) * 1000 <= Date.parse(asked["if-modified-since"] ?? "");
  if (unchanged || (asked["if-none-match"] !== undefined && matchesTag(asked["if-none-match"], tag))) {
    await handle.close();
    return { status: 304, headers: headers.slice(2), body: undefined };
  }
  // A range of another version than the client has would be put together with that.
  const sameVersion = asked["if-range"] === undefined || asked["if-range"] === tag;
  const range = sameVersion ? readRange(asked.range, size) : undefined;
  if (range === "none") {
    await handle.close();
    return { status: 416, headers: ["content-range", `bytes */${size}`], body: undefined };
  }
  const { from, to } = range ?? { from: 0, to: size - 1 };
  headers.push("content-length", String(to - from + 1));
  if (range !== undefined) headers.push("content-range", `bytes ${from}-${to}/${size}`);
  const status = range === undefined ? 200 : 206;
  if (method === "HEAD" || size === 0) {
    await handle.close();
    return { status, headers, body: undefined };
  }
  return {
    status,
    headers,
    body: createReadStream("", { fd: handle, start: from, end: to, highWaterMark: CHUNK_BYTES }),
  };
}

const CHUNK_BYTES = 256 * 1024;

function withSlash(url: string): string {
  const mark = url.indexOf("?");
  return mark < 0 ? `${url}/` : `${url.slice(0, mark)}/${url.slice(mark)}`;
}
