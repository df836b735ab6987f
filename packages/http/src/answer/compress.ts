import { promisify } from "node:util";
import { type Answer, headerOf, setHeader } from "./answer.ts";

/** Below this, what is saved is less than what the head costs. */
const LEAST_BYTES = 1024;

const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|application\/(?:[\w.+-]+\+)?(?:json|xml|javascript|wasm)|image\/svg\+xml)/;

/** Quick rather than small: answers are made while somebody waits. */
const BROTLI_QUALITY = 4;

/** An answer whose body is whole. */
type WholeAnswer = Answer & { body: string | Uint8Array };

/** Whether the body of an answer is whole, long enough, and of a type that gets shorter. */
export function isWorthCompressing(answer: Answer): answer is WholeAnswer {
  const { headers, body, status } = answer;
  if (body === undefined || (typeof body !== "string" && !(body instanceof Uint8Array))) return false;
  return (
    Buffer.byteLength(body) >= LEAST_BYTES &&
    status !== 206 &&
    COMPRESSIBLE.test(headerOf(headers, "content-type") ?? "") &&
    headerOf(headers, "content-encoding") === undefined &&
    !/\bno-transform\b/i.test(headerOf(headers, "cache-control") ?? "")
  );
}

/** Compresses the body of an answer, where the client takes it. */
export async function compress(answer: WholeAnswer, accepts: string | undefined): Promise<void> {
  const { headers, body } = answer;
  addVary(headers, "accept-encoding");
  const encoding = accepts === undefined ? undefined : chooseEncoding(accepts);
  if (encoding === undefined) return;
  answer.body = await encode(encoding, body);
  setHeader(headers, "content-encoding", encoding);
  const length = headerOf(headers, "content-length");
  if (length !== undefined) setHeader(headers, "content-length", String(answer.body.length));
  const tag = headerOf(headers, "etag");
  // Other bytes now, though they mean the same.
  if (tag?.startsWith('"')) setHeader(headers, "etag", `W/${tag}`);
}

/** Says that an answer depends on a header of the request. */
export function addVary(headers: string[], name: string): void {
  const there = headerOf(headers, "vary");
  if (there === undefined) headers.push("vary", name);
  else if (
    there !== "*" &&
    !there
      .toLowerCase()
      .split(/\s*,\s*/)
      .includes(name)
  )
    setHeader(headers, "vary", `${there}, ${name}`);
}

/** What of `br` and `gzip` a client likes best, or undefined: RFC 9110, section 12.5.3. */
export function chooseEncoding(accepts: string): "br" | "gzip" | undefined {
  const likes = new Map<string, number>();
  for (const part of accepts.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.trim().split(/\s*;\s*/);
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    likes.set(name, quality === undefined ? 1 : Number(quality.slice(2)) || 0);
  }
  const like = (name: string) => likes.get(name) ?? likes.get("*") ?? 0;
  const [br, gzip] = [like("br"), like("gzip")];
  if (br <= 0 && gzip <= 0) return undefined;
  return br >= gzip ? "br" : "gzip";
}

async function encode(encoding: "br" | "gzip", body: string | Uint8Array): Promise<Uint8Array> {
  const zlib = await import("node:zlib");
  if (encoding === "gzip") return promisify(zlib.gzip)(body);
  const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
  return promisify<string | Uint8Array, { params: typeof params }, Buffer>(zlib.brotliCompress)(body, { params });
}
