import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameParser, ProtocolError } from "../../../../src/transport/mux/frames/frame-parser.ts";
import { HEADER_BYTES, MAX_FRAME_BYTES } from "../../../../src/transport/mux/frames/frames.ts";

interface Frame {
  readonly kind: number;
  readonly id: number;
  readonly body: readonly number[];
}

const frame = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  id: fc.integer({ min: 0, max: 0xffffffff }),
  body: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 300 }),
});

function toBytes(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.map(({ kind, id, body }) => {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32LE(((body.length << 8) | kind) >>> 0, 0);
      header.writeUInt32LE(id, 4);
      return Buffer.concat([header, Buffer.from(body)]);
    }),
  );
}

function collect(): { readonly parser: FrameParser; readonly frames: Frame[] } {
  const frames: Frame[] = [];
  const parser = new FrameParser((kind, id, bytes, start, end) => {
    frames.push({ kind, id, body: [...bytes.subarray(start, end)] });
  });
  return { parser, frames };
}

describe("frame parser", () => {
  test("frames arrive whole however their bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(200)), (sent, cuts) => {
        const bytes = toBytes(sent);
        const { parser, frames } = collect();
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          // Overwritten afterwards, as a pipe may do.
          const chunk = Buffer.from(bytes.subarray(at, at + cut));
          parser.push(chunk);
          chunk.fill(0xee);
          at += cut;
        }
        expect(frames).toEqual(sent);
      }),
      { numRuns: 500 },
    );
  });

  test("frames arrive whole when cut in two at each byte, and when they come byte by byte", () => {
    const sent = [
      { kind: 1, id: 7, body: [1, 2, 3] },
      { kind: 2, id: 0, body: [] },
      { kind: 3, id: 0xffffffff, body: new Array(700).fill(9) },
      { kind: 4, id: 1, body: [5] },
    ];
    const bytes = toBytes(sent);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { parser, frames } = collect();
      parser.push(bytes.subarray(0, cut));
      parser.push(bytes.subarray(cut));
      expect(frames.length).toBe(4);
      if (cut % 50 === 0) expect(frames).toEqual(sent);
    }
    const { parser, frames } = collect();
    for (let i = 0; i < bytes.length; i++) parser.push(bytes.subarray(i, i + 1));
    expect(frames).toEqual(sent);
  });

  test("garbage is taken for frames or refused, and never throws anything else", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), (chunks) => {
        const { parser } = collect();
        try {
          for (const chunk of chunks) parser.push(Buffer.from(chunk));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("a frame above the limit is refused by its header, and names the limit", () => {
    const { parser } = collect();
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE((((MAX_FRAME_BYTES + 1) << 8) | 1) >>> 0, 0);
    expect(() => parser.push(header)).toThrow(String(MAX_FRAME_BYTES));
  });

  test("once stopped, nothing is handed on, not even of the chunk at hand", () => {
    const kinds: number[] = [];
    const parser = new FrameParser((kind) => {
      kinds.push(kind);
      parser.stop();
    });
    parser.push(toBytes([1, 2].map((kind) => ({ kind, id: 0, body: [] }))));
    parser.push(toBytes([{ kind: 3, id: 0, body: [] }]));
    expect(kinds).toEqual([1]);
  });
});
