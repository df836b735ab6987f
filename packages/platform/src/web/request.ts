import { HadronError } from "@hadron/core";
import { readWhole, type WebInput } from "@hadron/core/spi";

/** A request that has come in whole. */
export interface CameIn {
  readonly method: string;
  /** As it stands in the request line. */
  readonly url: string;
  readonly path: string;
  readonly query: string;
  /** Of the path, decoded. */
  readonly segments: readonly string[];
  /** By their names in lower case; of several, the values joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly address: string;
  readonly isSecure: boolean;
  readonly body: Uint8Array;
}

/** Reads a request to its end. TOO_LARGE above the limit, before more than that was read; INVALID_INPUT where its path is none. */
export async function readRequest(input: WebInput, mostBytes: number): Promise<CameIn> {
  const { head, headers, body } = await readWhole(input, mostBytes);
  const { method, url, address = "", secure = false } = head;
  const target = url.startsWith("/") ? url : url.replace(/^https?:\/\/[^/?#]+/i, "") || "/";
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const segments = path.slice(1).split("/").map(decode);
  if (
    !path.startsWith("/") ||
    segments.some((segment) => segment === "." || segment === ".." || /[\p{Cc}\\]/u.test(segment))
  ) {
    throw new HadronError("INVALID_INPUT", "The path is none.");
  }
  return {
    method,
    url: target,
    path,
    query: mark < 0 ? "" : target.slice(mark + 1),
    segments,
    headers,
    address,
    isSecure: secure,
    body,
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new HadronError("INVALID_INPUT", "The path has a bad escape in it.", { cause });
  }
}
