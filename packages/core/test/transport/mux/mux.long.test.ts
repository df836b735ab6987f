import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HadronError } from "../../../src/errors.ts";
import { createMemoryTransport, MemoryRegistry } from "../../../src/transport/memory/memory.ts";
import { FrameParser } from "../../../src/transport/mux/frames/frame-parser.ts";
import { HEADER_BYTES } from "../../../src/transport/mux/frames/frames.ts";
import { createMuxTransport } from "../../../src/transport/mux/index.ts";
import { callScope, TestDispatcher } from "../../../src/transport/suite/index.ts";
import type { Connection } from "../../../src/transport/transport.ts";
import { listenMux } from "./listen-mux.ts";

const hello = { app: "app", service: "echo", replica: "echo.0", topology: "t" };
const options = { self: hello, wanted: hello, stateChanged: () => {}, maxOutputBytes: 1e9 };

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

function heapBytes(): number {
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

describe("the mux, at length", () => {
  test("a million frames arrive whole however they are cut", () => {
    let count = 0;
    const shape = fc.record({
      kind: fc.nat(255),
      id: fc.nat(0xffff),
      length: fc.nat(200),
      cut: fc.integer({ min: 1, max: 400 }),
    });
    // How many frames come of a run is up to chance.
    while (count < 1_000_000)
      fc.assert(
        fc.property(fc.array(shape, { minLength: 50, maxLength: 150 }), (shapes) => {
          const bytes = Buffer.concat(
            shapes.map(({ kind, id, length }) => {
              const frame = Buffer.alloc(HEADER_BYTES + length, kind);
              frame.writeUInt32LE(((length << 8) | kind) >>> 0, 0);
              frame.writeUInt32LE(id, 4);
              return frame;
            }),
          );
          let next = 0;
          const parser = new FrameParser((kind, id, chunk, start, end) => {
            const sent = shapes[next++]!;
            if (kind !== sent.kind || id !== sent.id || end - start !== sent.length) throw new Error("another frame");
            for (let i = start; i < end; i++) if (chunk[i] !== kind) throw new Error("another body");
            count++;
          });
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const { cut } = shapes[i % shapes.length]!;
            parser.push(bytes.subarray(at, at + cut));
            at += cut;
          }
          expect(next).toBe(shapes.length);
        }),
        { numRuns: 1000 },
      );
  }, 600_000);

  test.each(["unix", "memory"] as const)(
    "half a million calls over %s, with cancellations, large bodies and cuts: the heap ends where it began",
    async (kind) => {
      const dispatcher = new TestDispatcher({ echo: ({ input }) => input });
      const registry = new MemoryRegistry();
      const endpoint = registry.listen("echo", dispatcher);
      const listener = await listenMux(dispatcher, "unix");
      const connect = (): Connection =>
        kind === "memory"
          ? createMemoryTransport(registry).connect("memory:echo", options)
          : createMuxTransport().connect(listener.address, options);
      let connection = connect();
      const one = async (n: number): Promise<void> => {
        const scope = callScope();
        const input = n % 997 === 0 ? "x".repeat(300_000) : { n, list: [1, 2.5, "t"] };
        const answer = connection.call({ procedure: "echo", input, scope });
        if (n % 7 === 0) scope.cancel(new HadronError("CANCELLED", "enough"));
        await answer.then(
          (output) => expect(typeof output).toBe(typeof input),
          (error: HadronError) => expect(["CANCELLED", "UNAVAILABLE"]).toContain(error.code),
        );
        scope.end();
      };
      const round = async (calls: number): Promise<number> => {
        for (let n = 0; n < calls; n += 100) {
          const batch = Array.from({ length: 100 }, (_, i) => one(n + i));
          if (n % 5000 === 0) {
            connection.close();
            connection = connect();
          }
          await Promise.all(batch);
          dispatcher.calls.length = 0;
          dispatcher.scopes.length = 0;
        }
        return heapBytes();
      };
      const before = await round(50_000);
      const after = await round(450_000);
      expect(after - before).toBeLessThan(4 * 1024 * 1024);
      connection.close();
      endpoint.close();
      await listener.close();
    },
    600_000,
  );
});
