import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryPipes } from "../../../src/transport/memory/memory-pipe.ts";
import { ClientConnection } from "../../../src/transport/mux/client/connection.ts";
import { toUpgradeRequest } from "../../../src/transport/mux/client/handshake.ts";
import { HEADER_BYTES } from "../../../src/transport/mux/frames/frames.ts";
import { acceptPipe } from "../../../src/transport/mux/server/open.ts";
import { isStream } from "../../../src/transport/pump.ts";
import { callScope, TestDispatcher, until } from "../../../src/transport/suite/index.ts";

const hello = { app: "app", service: "echo", replica: "echo.0", topology: "t" };
const WELCOME = Buffer.from(
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: hadron\r\nHadron-App: app\r\nHadron-Service: echo\r\nHadron-Replica: echo.0\r\n\r\n",
);

/** Frames that look right from outside, and whose content is anything. */
const frames = fc.array(
  fc.record({
    kind: fc.oneof(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 32, max: 39 })),
    id: fc.integer({ min: 0, max: 4 }),
    body: fc.uint8Array({ maxLength: 24 }),
  }),
  { maxLength: 12 },
);

function toBytes(list: readonly { kind: number; id: number; body: Uint8Array }[]): Buffer {
  return Buffer.concat(
    list.flatMap(({ kind, id, body }) => {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32LE(((body.length << 8) | kind) >>> 0, 0);
      header.writeUInt32LE(id, 4);
      return [header, body];
    }),
  );
}

/** Calls of a stream, with a stream, and of both at once. */
const STREAMS = toBytes(
  (["out", "in", "both"] as const).map((name, i) => {
    const flags = name === "out" ? 1 : 5;
    const input = name === "out" ? [0xc0] : [];
    const encoded = Buffer.from(name, "latin1");
    return {
      kind: 1,
      id: i + 1,
      body: Buffer.from([255, 255, 0, 0, i + 1, 0, flags, encoded.length, ...encoded, ...input]),
    };
  }),
);

test("a callee survives whatever frames a caller sends, and ends all that it began", async () => {
  let begun = 0;
  let ended = 0;
  const counted = async function* (items: AsyncIterable<unknown>) {
    begun++;
    try {
      yield* items;
    } finally {
      ended++;
    }
  };
  const endless = async function* () {
    for (;;) yield 1;
  };
  await fc.assert(
    fc.asyncProperty(frames, async (list) => {
      const dispatcher = new TestDispatcher({
        out: () => counted(endless()),
        in: async ({ input }) => {
          for await (const _ of counted(input as AsyncIterable<unknown>));
        },
        both: ({ input }) => counted(input as AsyncIterable<unknown>),
      });
      const [near, far] = createMemoryPipes({ delayMs: 0, hung: false });
      let closed: Promise<string> | undefined;
      acceptPipe(far, dispatcher, (connection) => {
        closed = connection.closed;
      });
      near.read({ data: () => {}, drained: () => {}, ended: () => {} });
      near.write([toUpgradeRequest(hello, hello, "00"), STREAMS]);
      const before = begun;
      await until(() => begun === before + 3, "the streams run");
      near.write([toBytes(list)]);
      near.end();
      expect(await closed).toEqual(expect.any(String));
      await until(() => ended === begun, "what was begun has ended");
    }),
    { numRuns: 300 },
  );
});

test("a callee without streams survives whatever frames a caller sends", async () => {
  await fc.assert(
    fc.asyncProperty(frames, async (list) => {
      const dispatcher = new TestDispatcher({ a: () => new Promise(() => {}), b: ({ input }) => input });
      const [near, far] = createMemoryPipes({ delayMs: 0, hung: false });
      let ended: Promise<string> | undefined;
      acceptPipe(far, dispatcher, (connection) => {
        ended = connection.closed;
      });
      near.read({ data: () => {}, drained: () => {}, ended: () => {} });
      near.write([toUpgradeRequest(hello, hello, "00"), toBytes(list)]);
      near.end();
      await until(() => ended !== undefined, "it was accepted");
      expect(await ended).toEqual(expect.any(String));
    }),
    { numRuns: 300 },
  );
});

test("a caller survives whatever frames a callee sends, and each of its calls ends", async () => {
  await fc.assert(
    fc.asyncProperty(frames, fc.boolean(), async (list, streams) => {
      const [near, far] = createMemoryPipes({ delayMs: 0, hung: false });
      const options = { self: hello, wanted: hello, stateChanged: () => {}, maxOutputBytes: 1000 };
      const connection = new ClientConnection(near, "memory:test", options);
      const calls = [1, 2, 3].map((input) =>
        connection
          .call({ procedure: "a", input, scope: callScope() })
          .then(async (output) => {
            if (isStream(output)) for await (const _ of output);
            return "output";
          })
          .catch((error) => error.code),
      );
      let heard = false;
      far.read({
        data: () => {
          if (!heard) far.write([WELCOME]);
          else {
            const opened = streams ? [1, 2].map((id) => ({ kind: 32, id, body: new Uint8Array() })) : [];
            far.write([toBytes([...opened, ...list])]);
            far.end();
          }
          heard = true;
        },
        drained: () => {},
        ended: () => {},
      });
      for (const outcome of await Promise.all(calls)) expect(outcome).toMatch(/^[a-zA-Z_]+$/);
      await until(() => connection.state === "closed", "it is closed");
      expect(connection.inFlight).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("a call that is cancelled before it left never reaches the callee", async () => {
  const dispatcher = new TestDispatcher({ a: ({ input }) => input });
  const [near, far] = createMemoryPipes({ delayMs: 0, hung: false });
  acceptPipe(far, dispatcher, () => {});
  const connection = new ClientConnection(near, "memory:test", {
    self: hello,
    wanted: hello,
    stateChanged: () => {},
    maxOutputBytes: 1e9,
  });
  const scopes = [1, 2, 3, 4].map(() => callScope());
  const inputs = [1, "x".repeat(500_000), 3, 4];
  const calls = scopes.map((scope, i) =>
    connection.call({ procedure: "a", input: inputs[i], scope }).catch((error) => error.code),
  );
  scopes[1]!.expire();
  scopes[2]!.expire();
  expect(await Promise.all(calls)).toEqual([1, "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", 4]);
  expect(dispatcher.calls.map((call) => call.input)).toEqual([1, 4]);
  connection.close();
});
