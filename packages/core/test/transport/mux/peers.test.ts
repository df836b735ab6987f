import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { HadronError } from "../../../src/errors.ts";
import { toUpgradeRequest } from "../../../src/transport/mux/client/handshake.ts";
import * as frames from "../../../src/transport/mux/frames/frames.ts";
import { createMuxTransport, isUpgradeRefused } from "../../../src/transport/mux/index.ts";
import { Encoder } from "../../../src/transport/mux/values/encoder.ts";
import { callScope, TestDispatcher, until } from "../../../src/transport/suite/index.ts";
import { listenMux } from "./listen-mux.ts";

const hello = { app: "app", service: "echo", replica: "echo.0", topology: "t" };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that does as told with each socket. */
async function serve(session: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    session(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(address: string) {
  const connection = createMuxTransport().connect(address, {
    self: hello,
    wanted: hello,
    stateChanged: () => {},
    maxOutputBytes: 1e9,
  });
  closers.push(() => connection.close());
  const call = (procedure: string, input?: unknown): Promise<unknown> =>
    connection.call({ procedure, input, scope: callScope() });
  const failure = (procedure: string, input?: unknown): Promise<HadronError> =>
    call(procedure, input).then(
      () => {
        throw new Error("It did not fail.");
      },
      (error) => error,
    );
  return { connection, call, failure };
}

function frame(kind: number, id: number, body: Uint8Array = new Uint8Array(0), length = body.length): Buffer {
  const header = Buffer.alloc(frames.HEADER_BYTES);
  header.writeUInt32LE(((length << 8) | kind) >>> 0, 0);
  header.writeUInt32LE(id, 4);
  return Buffer.concat([header, body]);
}

function callFrame(id: number, name: string, number: number, input: unknown): Buffer {
  const encoder = new Encoder(Buffer.alloc(1024));
  encoder.value(input, 0);
  const head = Buffer.from([255, 255, 255, 255, number, 0, frames.FLAG_NAME, name.length, ...Buffer.from(name)]);
  return frame(frames.CALL, id, Buffer.concat([head, encoder.bytes.subarray(0, encoder.at)]));
}

const WELCOME =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: hadron\r\nHadron-Version: 1\r\n" +
  "Hadron-App: app\r\nHadron-Service: echo\r\nHadron-Replica: echo.0\r\nHadron-Topology: t\r\n\r\n";

describe("a callee that is none", () => {
  test("an HTTP server that does not know the upgrade is told from others", async () => {
    const server = createHttpServer((_, response) => response.writeHead(405).end("no"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => server.close());
    const error = await open(`tcp:127.0.0.1:${(server.address() as AddressInfo).port}`).failure("echo");
    expect(error).toMatchObject({ code: "UNAVAILABLE", unsent: true });
    expect(error.message).toContain("405");
    expect(isUpgradeRefused(error)).toBe(true);
  });

  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n", /SSH-2.0/],
    ["another protocol that waits", "220 mail.example ESMTP\r\n", /220 mail/],
    ["nothing, and closes", "", /closed the connection/],
    ["another version", "HTTP/1.1 426 Upgrade Required\r\nHadron-Version: 9\r\n\r\n", /version 9/],
    ["a head without an end", "x".repeat(20_000), /head of more than/],
    ["another app", WELCOME.replace("Hadron-App: app", "Hadron-App: other"), /app other/],
  ])("one that says %s is UNAVAILABLE and unsent, with the reason", async (_, text, reason) => {
    const address = await serve((socket) => socket.end(text));
    const { failure, connection } = open(address);
    const error = await failure("echo");
    expect(error).toMatchObject({ code: "UNAVAILABLE", unsent: true });
    expect(error.message).toMatch(reason);
    expect(isUpgradeRefused(error)).toBe(false);
    expect(connection.state).toBe("closed");
  });

  test.each([
    ["a frame of an unknown kind", frame(200, 1), /kind 200/],
    ["a call", frame(frames.CALL, 1, Buffer.alloc(20)), /kind 1 came/],
    ["an oversized frame", frame(frames.REPLY, 1, Buffer.alloc(0), 0xffffff), /16777215 bytes/],
    [
      "a body longer than announced",
      Buffer.concat([frame(frames.REPLY_LARGE, 1, Buffer.from([2, 0, 0, 0])), frame(frames.CHUNK, 1, Buffer.alloc(3))]),
      /longer than announced/,
    ],
    ["half a number", frame(frames.WINDOW, 1, Buffer.alloc(2)), /where a number should be/],
    ["garbage", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), /broke the protocol/],
  ])("one that sends %s: the connection ends, and says why", async (_, bytes, reason) => {
    const address = await serve((socket) => {
      socket.write(WELCOME);
      socket.on("data", (chunk: Buffer) => {
        if (!chunk.toString("latin1").startsWith("GET")) socket.write(bytes);
      });
    });
    const { failure, connection } = open(address);
    const error = await failure("echo");
    expect(error).toMatchObject({ code: "UNAVAILABLE", unsent: false });
    expect(error.message).toMatch(reason);
    expect(connection.state).toBe("closed");
  });

  test("an answer that cannot be read fails its call only", async () => {
    const address = await serve((socket) => {
      socket.write(WELCOME);
      socket.once("data", () => {
        socket.on("data", () =>
          socket.write(
            Buffer.concat([
              frame(frames.REPLY, 1, Buffer.from([0xc1, 99])),
              frame(frames.ERROR, 2, Buffer.from([0xff, 0xff])),
              frame(frames.REPLY, 3, Buffer.from([5])),
            ]),
          ),
        );
      });
    });
    const { call, failure } = open(address);
    const [first, second, third] = await Promise.all([failure("a"), failure("b"), call("c")]);
    expect(first.code).toBe("INVALID_OUTPUT");
    expect(second.code).toBe("INTERNAL");
    expect(third).toBe(5);
  });

  test("one that stops reading: what waits is bounded, and calls above that fail unsent", async () => {
    const address = await serve((socket) => {
      socket.write(WELCOME);
      socket.pause();
    });
    const { connection, failure } = open(address);
    await until(() => connection.state === "open", "the connection is open");
    const outcomes: Promise<HadronError>[] = [];
    const input = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 100; i++) outcomes.push(failure("echo", input));
    const last = await outcomes.at(-1)!;
    expect(last).toMatchObject({ code: "OVERLOADED", unsent: true });
    expect(connection.inFlight).toBeLessThan(70);
    connection.close();
    for (const error of await Promise.all(outcomes)) expect(["OVERLOADED", "UNAVAILABLE"]).toContain(error.code);
  });
});

describe("a caller that is none", () => {
  async function dial(handlers = {}, options = {}) {
    const dispatcher = new TestDispatcher(
      {
        echo: ({ input }) => input,
        big: () => new Uint8Array(1024 * 1024),
        wait: () => new Promise(() => {}),
        ...handlers,
      },
      options,
    );
    const listener = await listenMux(dispatcher, "tcp");
    closers.push(() => listener.close());
    const [, host, port] = listener.address.split(":");
    const socket = connect({ host, port: Number(port) });
    socket.setNoDelay(true);
    socket.on("error", () => {});
    closers.push(() => socket.destroy());
    let got = Buffer.alloc(0);
    const state = { ended: false };
    socket.on("data", (chunk) => {
      got = Buffer.concat([got, chunk]);
    });
    socket.on("close", () => {
      state.ended = true;
    });
    return { dispatcher, listener, socket, state, got: () => got };
  }

  const request = toUpgradeRequest(hello, hello, "00");

  test.each([
    ["a frame of an unknown kind", frame(200, 1)],
    ["a reply", frame(frames.REPLY, 1)],
    ["an oversized frame", frame(frames.CALL, 1, Buffer.alloc(0), 0xffffff)],
    ["a call without a header", frame(frames.CALL, 1, Buffer.alloc(3))],
    ["a call that ends in its name", frame(frames.CALL, 1, Buffer.from([0, 0, 0, 0, 1, 0, 1, 40, 65]))],
    ["a procedure without a name", frame(frames.CALL, 1, Buffer.from([0, 0, 0, 0, 9, 0, 0, 1]))],
    ["a procedure number far ahead", callFrame(1, "echo", 255, 1).fill(255, 12, 14)],
    ["two calls under one id", Buffer.concat([callFrame(1, "wait", 1, 1), callFrame(1, "wait", 1, 1)])],
    ["garbage", Buffer.from("POST / HTTP/1.1\r\n\r\n")],
  ])("one that sends %s loses its connection, and nobody else", async (_, bytes) => {
    const { socket, state, listener, dispatcher } = await dial();
    socket.write(request);
    await until(() => listener.connections.size === 1, "it is accepted");
    const [connection] = listener.connections;
    socket.write(bytes);
    expect(await connection!.closed).toContain("broke the protocol");
    await until(() => state.ended, "its socket is closed");
    for (const scope of dispatcher.scopes) expect(scope.error).toMatchObject({ code: "CANCELLED" });
    expect(await open(listener.address).call("echo", 1)).toBe(1);
  });

  test("frames that come in one piece with the request are served", async () => {
    const { socket, got } = await dial();
    socket.write(Buffer.concat([request, callFrame(7, "echo", 1, 5)]));
    await until(() => got().includes(frame(frames.REPLY, 7, Buffer.from([5]))), "the reply is there");
  });

  test("an input that cannot be read is INVALID_INPUT, and the connection lives on", async () => {
    const { socket, got } = await dial();
    const bad = callFrame(1, "echo", 1, 5);
    bad[bad.length - 1] = 0xc1;
    socket.write(Buffer.concat([request, bad, callFrame(2, "echo", 1, 6)]));
    await until(() => got().includes(frame(frames.REPLY, 2, Buffer.from([6]))), "the second is answered");
    expect(got().toString("latin1")).toContain("INVALID_INPUT");
  });

  test("one of an earlier version, which names no connection, is served, and its calls have ids nevertheless", async () => {
    const { dispatcher, socket, got } = await dial();
    const earlier = request.toString().replace(/Hadron-Connection: .*\r\n/, "");
    expect(earlier).not.toContain("Connection: 00");
    socket.write(earlier);
    // What it took back before it was sent may look like a note of ours; it stands for no call.
    const looksLikeNote = frame(frames.SKIP, 1, Buffer.from([frames.NOTE_META, 65]));
    socket.write(Buffer.concat([looksLikeNote, frame(frames.SKIP, 1, Buffer.alloc(0)), callFrame(2, "echo", 1, 7)]));
    await until(() => dispatcher.calls.length === 1 && got().length > 0, "the call is answered");
    expect(dispatcher.calls[0]).toMatchObject({
      input: 7,
      meta: undefined,
      callId: expect.stringMatching(/^[0-9a-f]{16}-2$/),
    });
  });

  test("one of another version, or who wants another replica, is told so", async () => {
    for (const [text, status] of [
      [request.toString().replace("Hadron-Version: 1", "Hadron-Version: 2"), "426 Upgrade Required"],
      [toUpgradeRequest(hello, { ...hello, replica: "echo.7" }, "00").toString(), "421 Misdirected Request"],
    ]) {
      const { socket, got, state } = await dial();
      socket.write(text!);
      await until(() => state.ended, "it is closed");
      expect(got().toString()).toContain(`HTTP/1.1 ${status}`);
    }
  });

  test("one that takes no replies: what waits for it is bounded, and further calls are refused", async () => {
    const { socket, listener, dispatcher, got } = await dial();
    socket.pause();
    socket.write(request);
    await until(() => listener.connections.size === 1, "it is accepted");
    const other = open(listener.address);
    for (let i = 1; i <= 200; i++) {
      socket.write(callFrame(i, "big", 1, 0));
      // By the time that this one is answered, the other has been seen to.
      if (i % 10 === 0) await other.call("echo", i);
    }
    const big = () => dispatcher.calls.filter((call) => call.procedure === "big").length;
    expect(big()).toBeGreaterThan(50);
    expect(big()).toBeLessThan(100);
    socket.resume();
    await until(() => got().includes(frame(frames.REFUSED, 200)), "the last was refused");
  });
});
