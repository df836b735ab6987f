import { LineSplitter } from "../../shared/lines.ts";

/** A piece of what a container wrote: 1 is stdout, 2 stderr. */
export interface Frame {
  readonly stream: 1 | 2;
  readonly data: Buffer;
}

/**
 * Takes an engine's multiplexed stream apart: 8 bytes of header (stream, 3 × 0, length as big-endian uint32), then as
 * much data. https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 8) {
      const length = rest.readUInt32BE(4);
      if (rest.length < 8 + length) break;
      yield { stream: rest[0] === 2 ? 2 : 1, data: rest.subarray(8, 8 + length) };
      rest = rest.subarray(8 + length);
    }
  }
}

/** A line, and when the engine got its beginning, to the nanosecond. */
export interface TimedText {
  readonly at: string;
  readonly text: string;
}

/**
 * The lines of a log that was asked for with its times. An engine keeps long lines in pieces, of 16 KiB at most, and puts a time
 * before each: a line has that of its first. An unended last line counts.
 */
export async function* readTimedLines(source: AsyncIterable<Buffer>): AsyncGenerator<TimedText> {
  const open: Partial<Record<1 | 2, { at: string; pieces: Buffer[] }>> = {};
  const end = ({ at, pieces }: { at: string; pieces: readonly Buffer[] }): TimedText => ({
    at,
    text: Buffer.concat(pieces)
      .toString("utf8")
      .replace(/\r?\n$/, ""),
  });
  for await (const { stream, data } of readFrames(source)) {
    const space = data.indexOf(0x20);
    const line = open[stream] ?? { at: data.toString("latin1", 0, space), pieces: [] };
    open[stream] = line;
    line.pieces.push(Buffer.from(data.subarray(space + 1)));
    if (data.at(-1) !== 0x0a) continue;
    delete open[stream];
    yield end(line);
  }
  for (const line of Object.values(open)) yield end(line);
}

/** The lines that a container wrote, whichever of its two streams they came on; an unended last line counts. */
export async function* readLines(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const splitters = { 1: new LineSplitter(), 2: new LineSplitter() };
  for await (const { stream, data } of readFrames(source)) yield* splitters[stream].push(data.toString("utf8"));
  for (const splitter of Object.values(splitters)) {
    const last = splitter.end();
    if (last !== undefined) yield last;
  }
}
