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

/** The lines that a container wrote, whichever of its two streams they came on; an unended last line counts. */
export async function* readLines(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const splitters = { 1: new LineSplitter(), 2: new LineSplitter() };
  for await (const { stream, data } of readFrames(source)) yield* splitters[stream].push(data.toString("utf8"));
  for (const splitter of Object.values(splitters)) {
    const last = splitter.end();
    if (last !== undefined) yield last;
  }
}
