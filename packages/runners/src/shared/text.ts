import type { Readable } from "node:stream";

/** All that a stream brings. */
export async function bytesOf(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The same as text. */
export async function textOf(body: Readable): Promise<string> {
  return (await bytesOf(body)).toString("utf8");
}
