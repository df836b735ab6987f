import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { readLines } from "../../../src/docker/engine/frames.ts";

function frame(stream: number, text: string): Buffer {
  const data = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(data.length, 4);
  return Buffer.concat([head, data]);
}

test("lines come out whole, however the engine cuts them, and stdout does not mix with stderr", async () => {
  const all = Buffer.concat([
    frame(1, "one\ntw"),
    frame(2, "an err"),
    frame(1, "o €\n"),
    frame(2, "or\nlast"),
    frame(1, ""),
  ]);
  for (const size of [1, 3, 8, 1000]) {
    const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
      all.subarray(index * size, (index + 1) * size),
    );
    expect(await Array.fromAsync(readLines(Readable.from(chunks, { objectMode: true })))).toEqual([
      "one",
      "two €",
      "an error",
      "last",
    ]);
  }
});
