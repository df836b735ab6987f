import { expect, test } from "vitest";
import { CHUNK_BYTES, WINDOW_BYTES } from "../../../../src/transport/mux/frames/frames.ts";
import { IncomingBodies } from "../../../../src/transport/mux/frames/incoming-bodies.ts";
import { OutgoingBodies } from "../../../../src/transport/mux/frames/outgoing-bodies.ts";

const chunk = Buffer.alloc(CHUNK_BYTES, 7);

test("bodies on their way in are counted until they are whole, dropped or cleared", () => {
  const bodies = new IncomingBodies(() => {});
  bodies.announce(1, 2 * CHUNK_BYTES);
  bodies.announce(2, 500_000);
  bodies.announce(3, 300_000);
  expect(bodies.announcedBytes).toBe(2 * CHUNK_BYTES + 800_000);
  expect(bodies.add(1, chunk, 0, chunk.length)).toBeUndefined();
  expect(bodies.announcedBytes).toBe(2 * CHUNK_BYTES + 800_000);
  expect(bodies.add(1, chunk, 0, chunk.length)).toEqual(Buffer.alloc(2 * CHUNK_BYTES, 7));
  expect(bodies.announcedBytes).toBe(800_000);
  bodies.add(2, chunk, 0, chunk.length);
  bodies.drop(2);
  expect(bodies.announcedBytes).toBe(300_000);
  bodies.drop(2);
  expect(bodies.announcedBytes).toBe(300_000);
  // What comes of it late is thrown away.
  expect(bodies.add(2, chunk, 0, chunk.length)).toBeUndefined();
  bodies.clear();
  expect(bodies.announcedBytes).toBe(0);
});

test("the sender of a body is told of what came when half of its window has", () => {
  const told: [number, number][] = [];
  const bodies = new IncomingBodies((id, bytes) => told.push([id, bytes]));
  bodies.announce(9, 2 * WINDOW_BYTES);
  const half = WINDOW_BYTES / 2 / CHUNK_BYTES;
  for (let i = 1; i < half; i++) bodies.add(9, chunk, 0, chunk.length);
  expect(told).toEqual([]);
  bodies.add(9, chunk, 0, chunk.length);
  expect(told).toEqual([[9, WINDOW_BYTES / 2]]);
});

test("bodies on their way out are counted until they have left, or nobody wants them", () => {
  const bodies = new OutgoingBodies();
  const left: [number, number][] = [];
  const take = () => bodies.takeChunks((id, { length }) => left.push([id, length]));
  bodies.add(1, Buffer.alloc(CHUNK_BYTES + 1));
  bodies.add(2, Buffer.alloc(10 * CHUNK_BYTES));
  take();
  // One of each in turn, so that the small one does not wait for the large one.
  expect(left).toEqual([
    [1, CHUNK_BYTES],
    [2, CHUNK_BYTES],
    [1, 1],
    [2, CHUNK_BYTES],
  ]);
  expect(bodies.has(1)).toBe(false);
  expect(bodies.bytes).toBe(8 * CHUNK_BYTES);
  bodies.drop(2);
  bodies.drop(2);
  expect(bodies.bytes).toBe(0);
  expect(bodies.size).toBe(0);
});

test("a body waits once its window is used up, and goes on when it is widened", () => {
  const bodies = new OutgoingBodies();
  let sent = 0;
  const takeAll = () => {
    for (let before = -1; before !== sent; ) {
      before = sent;
      bodies.takeChunks((_, { length }) => {
        sent += length;
      });
    }
  };
  bodies.add(1, Buffer.alloc(3 * WINDOW_BYTES));
  takeAll();
  expect(sent).toBe(WINDOW_BYTES);
  expect(bodies.widen(1, 1000)).toBe(true);
  expect(bodies.widen(2, 1000)).toBe(false);
  takeAll();
  expect(sent).toBe(WINDOW_BYTES + 1000);
});
