import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { readLines, readTimedLines } from "../../../src/docker/engine/frames.ts";

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

test("a line that the engine kept in pieces is one line, with the time of its first piece", async () => {
  const frame = (stream: number, text: string) => {
    const data = Buffer.from(text);
    const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(data.length, 4);
    return Buffer.concat([header, data]);
  };
  const long = "ü".repeat(10_000);
  const bytes = Buffer.concat([
    frame(1, `T1 ${long}`),
    frame(2, "T2 an error\r\n"),
    frame(1, `T3 ${long}END\n`),
    frame(1, "T4 \n"),
    frame(1, "T5 a b, unended"),
  ]);
  const chunks = [bytes.subarray(0, 5000), bytes.subarray(5000, 20_013), bytes.subarray(20_013)];
  expect(await Array.fromAsync(readTimedLines(Readable.from(chunks, { objectMode: true })))).toEqual([
    { at: "T2", text: "an error" },
    { at: "T1", text: `${long}${long}END` },
    { at: "T4", text: "" },
    { at: "T5", text: "a b, unended" },
  ]);
});
