import type { IncomingMessage } from "node:http";
import { HadronError } from "../../errors.ts";

/** Bytes of bodies that are not whole yet, of all callers together. */
const MOST_READING_BYTES = 256 * 1024 * 1024;

/** What is read, and thrown away, of a body that nobody wants, so that its sender reads our answer. */
const DISCARD_BYTES = 8 * 1024 * 1024;

/** Takes in a little more of a body that nobody reads: a sender that is cut off at once never reads the answer. */
export function discard(request: IncomingMessage): void {
  let left = DISCARD_BYTES;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}

/** Reads a body to its end, or to the limit. Calls back with it and its bytes; with nothing where the sender went away. */
export function readBody(
  request: IncomingMessage,
  limit: number,
  reading: { bytes: number } = { bytes: 0 },
  done: (error?: HadronError, body?: string, bytes?: number) => void,
): void {
  const announced = Number(request.headers["content-length"] ?? 0);
  let first: Buffer | undefined;
  let rest: Buffer[] | undefined;
  let bytes = 0;
  let over = announced > limit;
  if (over) return done(tooLarge(limit));
  // Most bodies come in one chunk, and are not kept: only longer ones count.
  let counted = 0;
  const count = (more: number) => {
    if (counted === 0) request.once("close", uncount);
    counted += more;
    reading.bytes += more;
  };
  const uncount = () => {
    reading.bytes -= counted;
    counted = 0;
  };
  const stop = (error: HadronError) => {
    over = true;
    first = rest = undefined;
    uncount();
    done(error);
  };
  request.on("data", (chunk: Buffer) => {
    if (over) return;
    bytes += chunk.length;
    if (bytes > limit) stop(tooLarge(limit));
    else if (first === undefined) first = chunk;
    else if (reading.bytes > MOST_READING_BYTES) stop(tooMuch());
    else {
      count(rest === undefined ? bytes : chunk.length);
      if (rest === undefined) rest = [first, chunk];
      else rest.push(chunk);
    }
  });
  request.on("end", () => {
    uncount();
    if (!over)
      done(
        undefined,
        rest === undefined ? (first?.toString("utf8") ?? "") : Buffer.concat(rest, bytes).toString("utf8"),
        bytes,
      );
  });
}

function tooMuch(): HadronError {
  return new HadronError(
    "OVERLOADED",
    `Bodies of ${MOST_READING_BYTES} bytes together are being read, the limit. Call again later, or send smaller ones.`,
    { retryAfterMs: 1000 },
  );
}

function tooLarge(limit: number): HadronError {
  return new HadronError(
    "TOO_LARGE",
    `The body is larger than ${limit} bytes, the limit of this service (limits.inputBytes).`,
  );
}
