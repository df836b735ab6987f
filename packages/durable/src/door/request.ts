import { HadronError } from "@hadron/core";
import { readWhole, type WebInput } from "@hadron/core/spi";

/** What a body may have. */
const MOST_BYTES = 1024 * 1024;

/** A request that has come in whole. */
export interface DoorRequest {
  readonly method: string;
  /** The segments of its path, decoded. */
  readonly path: readonly string[];
  /** By their names in lower case; of several, the values joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Reads a request to its end. TOO_LARGE above 1 MiB, before more than that was read; INVALID_INPUT where its path is none. */
export async function readRequest(input: WebInput): Promise<DoorRequest> {
  const { head, headers, body } = await readWhole(input, MOST_BYTES);
  const [pathname = ""] = head.url.split("?");
  try {
    return { method: head.method, path: pathname.split("/").slice(1).map(decodeURIComponent), headers, body };
  } catch (cause) {
    throw new HadronError("INVALID_INPUT", `The path ${pathname} is none.`, { cause });
  }
}

/** A body as JSON. INVALID_INPUT where it is none; undefined where there is none. */
export function toJsonBody({ body }: DoorRequest): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new HadronError("INVALID_INPUT", `The body is no JSON: ${(cause as Error).message}.`, { cause });
  }
}

/** Whether a body says of itself that it is JSON, as it is. */
export function saysJson({ headers }: DoorRequest): boolean {
  const [type = ""] = (headers["content-type"] ?? "").toLowerCase().split(";");
  return headers["content-encoding"] === undefined && /^application\/(?:[\w.+-]+\+)?json$/.test(type.trim());
}
