import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import type { Clockwork } from "../../../src/clock/clockwork.ts";
import { createSystemClock } from "../../../src/clock/system-clock.ts";
import { type ArrivalOptions, Arrivals, asOf } from "../../../src/serve/outside/arrivals.ts";
import { callerOf } from "../../../src/serve/outside/networks.ts";

let server: Server | undefined;
const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
  server?.close();
});

/** A server that says whose a connection is, and then what it was sent, until its end. */
async function serve(options: ArrivalOptions, clock: Clockwork = createSystemClock()): Promise<() => Promise<Socket>> {
  const arrivals = new Arrivals(options, clock, (socket, client) => {
    socket.on("error", () => {});
    socket.write(`${asOf(socket, client).remoteAddress}:`);
    socket.pipe(socket);
  });
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => arrivals.take(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return async () => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    open.push(socket);
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  };
}

async function say(socket: Socket, pieces: readonly (string | Buffer)[]): Promise<string> {
  const answer = text(socket).catch(() => "");
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  socket.end();
  return await answer;
}

/** The second version: command and family, then addresses. */
function second(command: number, family: number, addresses: Buffer): Buffer {
  const head = Buffer.from("0d0a0d0a000d0a515549540a00000000", "hex");
  head.writeUInt8(0x20 | command, 12);
  head.writeUInt8(family, 13);
  head.writeUInt16BE(addresses.length, 14);
  return Buffer.concat([head, addresses]);
}
const over4 = Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, 200, 0, 1, 187]);
const over6 = Buffer.concat([
  Buffer.from("20010db8000000000000000000000007", "hex"),
  Buffer.alloc(16),
  over4.subarray(8),
]);

const headers: readonly (readonly [string, readonly (string | Buffer)[], string])[] = [
  ["version 1", ["PROXY TCP4 203.0.113.7 10.0.0.1 51200 443\r\nhi"], "203.0.113.7:hi"],
  ["version 1 of IPv6", ["PROXY TCP6 2001:db8::7 ::1 51200 443\r\nhi"], "2001:db8::7:hi"],
  ["version 1, in pieces", ["PRO", "XY TCP4 203.0.113.7 10.0.", "0.1 51200 443\r", "\nh", "i"], "203.0.113.7:hi"],
  ["version 1 of nobody known", ["PROXY UNKNOWN\r\nhi"], "127.0.0.1:hi"],
  ["version 2", [second(1, 0x11, over4), "hi"], "203.0.113.7:hi"],
  [
    "version 2 of IPv6, with more after it",
    [second(1, 0x21, Buffer.concat([over6, Buffer.from([4, 0, 1, 0])])), "hi"],
    "2001:db8:0:0:0:0:0:7:hi",
  ],
  ["version 2, byte by byte", [...second(1, 0x11, over4)].map((byte) => Buffer.of(byte)), "203.0.113.7:"],
  ["version 2 of the proxy itself", [second(0, 0, Buffer.alloc(0)), "hi"], "127.0.0.1:hi"],
  ["none", ["GET / HTTP/1.1\r\n\r\n"], ""],
  ["a family that does not fit", ["PROXY TCP4 2001:db8::7 ::1 51200 443\r\nhi"], ""],
  ["a line without end", [`PROXY TCP4 ${"1".repeat(200)}`], ""],
  ["too few addresses", [second(1, 0x11, Buffer.alloc(4)), "hi"], ""],
  ["more than anybody sends", [second(1, 0x11, Buffer.alloc(4000)), "hi"], ""],
];

test.each(headers)("a proxy that is trusted says whose a connection is: %s", async (_, pieces, answer) => {
  const enter = await serve({ proxyProtocol: ["127.0.0.0/8"] });
  expect(await say(await enter(), pieces)).toBe(answer);
});

test("a proxy that does not say whose a connection is is let go in a while; one that has said it is not", async () => {
  const timers = new Set<() => void>();
  const clock: Clockwork = Object.assign(Object.create(createSystemClock()), {
    after: (ms: number, run: () => void) => {
      expect(ms).toBe(10_000);
      timers.add(run);
      return run;
    },
    cancel: (timer: () => void) => timers.delete(timer),
  });
  const enter = await serve({ proxyProtocol: ["127.0.0.0/8"] }, clock);
  const said = await enter();
  said.write("PROXY TCP4 203.0.113.7 10.0.0.1 51200 443\r\n");
  await once(said, "data");
  expect(timers.size).toBe(0);
  const silent = await enter();
  await expect.poll(() => timers.size).toBe(1);
  const closed = Promise.race([once(silent, "end"), once(silent, "close")]);
  silent.resume();
  for (const run of timers) run();
  await closed;
  await expect.poll(() => timers.size).toBe(0);
});

test("of anybody else nothing is believed: a header is what they say", async () => {
  const enter = await serve({ proxyProtocol: ["10.0.0.0/8"] });
  const header = "PROXY TCP4 203.0.113.7 10.0.0.1 51200 443\r\n";
  expect(await say(await enter(), [header])).toBe(`127.0.0.1:${header}`);
});

test("so many connections of one address are open at once, whoever its proxy is; one that ends makes room", async () => {
  const enter = await serve({ proxyProtocol: ["127.0.0.1"], connectionsPerAddress: 2 });
  const as = async (client: string) => {
    const socket = await enter();
    socket.write(`PROXY TCP${client.includes(":") ? "6" : "4"} ${client} ${client} 1 2\r\n`);
    const gone = Promise.race([once(socket, "end"), once(socket, "close")]).then(() => [""]);
    const [said] = await Promise.race([once(socket, "data"), gone]);
    return { socket, said: String(said) };
  };
  const first = await as("203.0.113.7");
  expect([first.said, (await as("203.0.113.7")).said]).toEqual(["203.0.113.7:", "203.0.113.7:"]);
  expect((await as("203.0.113.7")).said).toBe("");
  expect((await as("203.0.113.8")).said).toBe("203.0.113.8:");
  first.socket.destroy();
  await expect.poll(async () => (await as("203.0.113.7")).said, { timeout: 10_000 }).toBe("203.0.113.7:");
  // Whoever has one address of IPv6 has its /64.
  await as("2001:db8::1");
  await as("2001:db8::2");
  expect((await as("2001:db8::3")).said).toBe("");
  expect((await as("2001:db8:0:1::3")).said).not.toBe("");
});

test("an address of IPv4 is one caller however it is written", () => {
  expect(["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::7", "fe80::1%eth0"].map(callerOf)).toEqual([
    "203.0.113.7",
    "203.0.113.7",
    "2001:db8:0:0",
    "fe80:0:0:0",
  ]);
});
