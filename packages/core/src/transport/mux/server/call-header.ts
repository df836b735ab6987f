import { ProtocolError } from "../frames/frame-parser.ts";
import { CALL_HEADER_BYTES, FLAG_NAME, FLAG_STREAM, FLAG_TRACE, NO_DEADLINE } from "../frames/frames.ts";
import { readUint32 } from "../link/link.ts";

/** Numbers may come out of order by a few, not by thousands: the list of names grows by what is really named. */
const MOST_AHEAD = 1024;

/**
 * Reads the headers of calls on one connection, and keeps which procedure each number stands for. What it read last
 * stands in its fields: an object for each header would be one more for each call.
 */
export class CallHeaderReader {
  procedure = "";
  /** What is left of the caller's time; undefined: it did not say. */
  timeoutMs: number | undefined = undefined;
  trace: string | undefined = undefined;
  /** Whether the input comes item by item. */
  inputStreams = false;
  /** Where the header ends. */
  end = 0;
  readonly #names: (string | undefined)[] = [undefined];

  /** Throws a {@link ProtocolError} for a header that is cut off, or names nothing. */
  read(bytes: Buffer, start: number, end: number): void {
    const milliseconds = readUint32(bytes, start, end);
    let at = start + CALL_HEADER_BYTES;
    if (at > end) throw new ProtocolError("A call ends in its header.");
    const number = bytes[start + 4]! | (bytes[start + 5]! << 8);
    const flags = bytes[start + 6]!;
    let procedure = this.#names[number];
    if (flags & FLAG_NAME) {
      const length = shortLength(bytes, at, end);
      procedure = bytes.latin1Slice(at + 1, at + 1 + length);
      at += 1 + length;
      if (number !== 0) this.#bind(number, procedure);
    }
    if (procedure === undefined) throw new ProtocolError(`A call names procedure ${number}, which has no name yet.`);
    let trace: string | undefined;
    if (flags & FLAG_TRACE) {
      const length = shortLength(bytes, at, end);
      trace = bytes.latin1Slice(at + 1, at + 1 + length);
      at += 1 + length;
    }
    this.procedure = procedure;
    this.timeoutMs = milliseconds === NO_DEADLINE ? undefined : milliseconds;
    this.trace = trace;
    this.inputStreams = (flags & FLAG_STREAM) !== 0;
    this.end = at;
  }

  #bind(number: number, procedure: string): void {
    const names = this.#names;
    if (number > names.length + MOST_AHEAD)
      throw new ProtocolError(`A call names procedure ${number} after ${names.length - 1}.`);
    while (names.length <= number) names.push(undefined);
    names[number] = procedure;
  }
}

function shortLength(bytes: Buffer, at: number, end: number): number {
  const length = at < end ? bytes[at]! : 255;
  if (at + 1 + length > end) throw new ProtocolError("A call ends in its header.");
  return length;
}
