import type { Answer, Chunks } from "./answer.ts";

/** What stands behind a `Response` that was made of an answer: its body need not go through a stream again. */
const BODIES = new WeakMap<Response, Answer["body"]>();

/** What is said of a connection is for its two ends: RFC 9110, section 7.6.1. */
const OF_THE_CONNECTION = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Statuses of answers that have no body: the web's `Response` refuses one. */
const BODILESS = new Set([101, 204, 205, 304]);

/** Reads a `Response`: in whole where its body is there at once, so that its length is known. */
export async function fromResponse(response: Response): Promise<Answer> {
  const { status } = response;
  const headers: string[] = [];
  for (const [name, value] of response.headers) if (!OF_THE_CONNECTION.has(name)) headers.push(name, value);
  const known = BODIES.get(response);
  if (known !== undefined && !response.bodyUsed) return { status, headers, body: known };
  if (response.bodyUsed) throw new TypeError("A route or filter returned a Response whose body was read before.");
  return { status, headers, body: response.body === null ? undefined : await readSoon(response.body) };
}

/** An answer as the web's `Response`, for filters. */
export function toResponse({ status, headers, body }: Answer): Response {
  const fields = new Headers();
  for (let at = 0; at < headers.length; at += 2) fields.append(headers[at] as string, headers[at + 1] as string);
  const bodiless = BODILESS.has(status) || body === undefined;
  const response = new Response(bodiless ? null : toBody(body), { status, headers: fields });
  if (!bodiless) BODIES.set(response, body);
  return response;
}

function toBody(body: NonNullable<Answer["body"]>): string | Uint8Array<ArrayBuffer> | ReadableStream {
  if (typeof body === "string" || body instanceof Uint8Array) return body as string | Uint8Array<ArrayBuffer>;
  // Lazily: nothing is taken out of it unless somebody reads the Response.
  const iterator = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const step = await iterator.next();
        if (step.done) controller.close();
        else controller.enqueue(typeof step.value === "string" ? Buffer.from(step.value) : step.value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** So much of a body is taken at once, before anybody reads it. */
const SOON_BYTES = 64 * 1024;

/**
 * A body that ends within this turn of the event loop as one chunk; any other as it comes. One whose chunks are all there at once, and
 * that never ends, would not let the turn end.
 */
async function readSoon(stream: ReadableStream<Uint8Array>): Promise<Uint8Array | Chunks> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  const turn = new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
  for (let bytes = 0; ; ) {
    const next = reader.read();
    if (bytes > SOON_BYTES) return continued(reader, chunks, next);
    const step = await Promise.race([next, turn]);
    if (step === undefined) return continued(reader, chunks, next);
    if (step.done) return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
    chunks.push(step.value);
    bytes += Math.max(step.value.length, 1);
  }
}

async function* continued(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  chunks: readonly Uint8Array[],
  next: ReturnType<typeof reader.read>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
    for (let step = await next; !step.done; step = await reader.read()) yield step.value;
  } finally {
    await reader.cancel();
  }
}
