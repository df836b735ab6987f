import { HadronError } from "@hadron/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Filter, http, socket } from "../../src/index.ts";
import { open as connect, say, serve } from "../serve.ts";
import { open } from "./client.ts";

const echo = socket(async ({ send, messages }) => {
  for await (const message of messages) await send({ you: message });
});

test("a socket is a route: parameters, query, headers; JSON both ways, bytes as they are", async () => {
  await using served = await serve({
    "GET /live/:room": socket<{ room: string }>(async ({ send, messages, params, query, headers, request }) => {
      await send([params.room, query.as, headers["x-own"], new URL(request.url).pathname]);
      for await (const message of messages) await send(message);
    }),
    "GET /live/plain": () => "plain",
  });
  const client = await open(`${served.url}/live/r%2F1?as=ann`, { headers: { "x-own": "1" } });
  expect(await client.next()).toEqual(["r/1", "ann", "1", "/live/r%2F1"]);
  client.say({ a: ["ü", null] });
  expect(await client.next()).toEqual({ a: ["ü", null] });
  client.say(new Uint8Array([0, 255]));
  expect([...(await client.next())]).toEqual([0, 255]);
  client.socket.close(1000);
  expect((await client.closed).code).toBe(1000);
  expect(await (await served.fetch("/live/plain")).json()).toBe("plain");
});

test("messages are checked by their schemas, in both directions", async () => {
  await using served = await serve({
    "GET /live": socket(
      { input: z.object({ n: z.coerce.number() }), output: z.number() },
      async ({ send, messages }) => {
        for await (const { n } of messages) await send(n === 0 ? ("none" as never) : n * 2);
      },
    ),
  });
  const client = await open(`${served.url}/live`);
  client.say({ n: "21" });
  expect(await client.next()).toBe(42);
  client.say({ n: "x" });
  const closed = await client.closed;
  expect(closed.code).toBe(1007);
  expect(closed.reason).toContain("n");

  const other = await open(`${served.url}/live`);
  other.socket.send("{");
  expect(await other.closed).toMatchObject({ code: 1007, reason: expect.stringContaining("no JSON") });

  const third = await open(`${served.url}/live`);
  third.say({ n: 0 });
  expect((await third.closed).code).toBe(1011);
});

test("raw messages are texts, and a subprotocol is agreed on", async () => {
  await using served = await serve({
    "GET /raw": socket({ form: "raw", protocols: ["v2", "v1"] }, async ({ send, messages, protocol }) => {
      for await (const message of messages) await send(JSON.stringify([message, protocol]));
    }),
  });
  const client = await open(`${served.url}/raw`, { protocols: ["v1", "v2"] });
  expect(client.socket.protocol).toBe("v2");
  client.socket.send("not JSON");
  expect(await client.next()).toEqual(["not JSON", "v2"]);
  client.socket.close();
});

describe("how it closes", () => {
  test("with its handler: 1000; by what that throws; with a code of its own", async () => {
    await using served = await serve({
      "GET /done": socket(() => {}),
      "GET /own": socket(({ close }) => close(4001, "enough")),
      "GET /throws": socket(() => {
        throw new Error("secret");
      }),
      "GET /denied": socket(() => {
        throw new HadronError("PERMISSION_DENIED", "Not for you.");
      }),
      "GET /away": socket(() => {
        throw new HadronError("UNAVAILABLE", "internal names");
      }),
    });
    const closed = async (path: string) => (await open(served.url + path)).closed;
    expect(await closed("/done")).toEqual({ code: 1000, reason: "" });
    expect(await closed("/own")).toEqual({ code: 4001, reason: "enough" });
    expect(await closed("/throws")).toEqual({ code: 1011, reason: "" });
    expect(served.logged.join()).toContain("secret");
    expect(await closed("/denied")).toEqual({ code: 1008, reason: "Not for you." });
    expect(await closed("/away")).toEqual({ code: 1013, reason: "" });
  });

  test("by the client: the messages end, the signal aborts, closed says why; a connection that breaks off is 1006", async () => {
    const ended: unknown[] = [];
    const told = Promise.withResolvers<void>();
    await using served = await serve({
      "GET /live": socket(async ({ messages, closed, signal, send }) => {
        for await (const _ of messages);
        ended.push(await closed, signal.aborted, await send(1).catch((error) => error.code));
        if (ended.length === 6) told.resolve();
      }),
    });
    const client = await open(`${served.url}/live`);
    client.socket.close(3001, "bye");
    await client.closed;
    const other = await open(`${served.url}/live`);
    other.socket.terminate();
    await told.promise;
    expect(ended).toEqual([
      { code: 3001, reason: "bye" },
      true,
      "CANCELLED",
      { code: 1006, reason: "" },
      true,
      "CANCELLED",
    ]);
  });

  test("by a replica that goes: 1001, to reconnect; what has come is finished", async () => {
    const work = Promise.withResolvers<void>();
    const done: unknown[] = [];
    await using served = await serve({
      "GET /live": socket(async ({ messages, send }) => {
        for await (const message of messages) {
          await send("taken").catch(() => {});
          await work.promise;
          done.push(message);
        }
      }),
    });
    const client = await open(`${served.url}/live`);
    client.say(1);
    client.say(2);
    expect(await client.next()).toBe("taken");
    const drained = served.server.drain(10_000);
    expect(await client.closed).toEqual({ code: 1001, reason: "reconnect" });
    work.resolve();
    expect(await drained).toBe(true);
    expect(done).toEqual([1, 2]);
  });

  test("a client that does not answer pings is let go", async () => {
    const over = Promise.withResolvers<number>();
    await using served = await serve({
      "GET /live": socket({ pingMs: 50 }, async ({ closed }) => over.resolve((await closed).code)),
    });
    const socket_ = await connect(served.port);
    socket_.write(handshake("/live"));
    expect(await over.promise).toBe(1006);
    socket_.destroy();
    const client = await open(`${served.url}/live`);
    let pings = 0;
    await new Promise<void>((resolve) => client.socket.on("ping", () => ++pings === 4 && resolve()));
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    client.socket.terminate();
  });
});

test("a message beyond the limit is 1009", async () => {
  await using served = await serve({
    "GET /live": echo,
    "GET /small": socket({ maxMessageBytes: 10 }, async (s) => void (await s.closed)),
  });
  const client = await open(`${served.url}/live`);
  client.say("x".repeat(1024 * 1024 - 2));
  expect((await client.next()).you.length).toBe(1024 * 1024 - 2);
  client.say("x".repeat(1024 * 1024));
  expect((await client.closed).code).toBe(1009);
  const small = await open(`${served.url}/small`);
  small.say("123456789");
  expect((await small.closed).code).toBe(1009);
});

test("sending waits for a client that does not read", async () => {
  const sent: number[] = [];
  const stuck = Promise.withResolvers<void>();
  await using served = await serve({
    "GET /live": socket(async ({ send }) => {
      const megabyte = new Uint8Array(1024 * 1024);
      for (let at = 0; at < 64; at++) {
        setTimeout(() => sent.length === at && stuck.resolve(), 500);
        await send(megabyte);
        sent.push(at);
      }
    }),
  });
  const client = await open(`${served.url}/live`);
  client.socket.pause();
  await stuck.promise;
  expect(sent.length).toBeLessThan(60);
  client.socket.resume();
  expect((await client.closed).code).toBe(1000);
  expect(sent.length).toBe(64);
});

test("a client that sends more than is read waits", async () => {
  const go = Promise.withResolvers<void>();
  let read = 0;
  await using served = await serve({
    "GET /live": socket(async ({ messages, send }) => {
      for await (const _ of messages) {
        await go.promise;
        read++;
      }
      await send(1).catch(() => {});
    }),
  });
  const client = await open(`${served.url}/live`);
  const megabyte = new Uint8Array(1024 * 1024 - 100);
  for (let at = 0; at < 64; at++) client.say(megabyte);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(client.socket.bufferedAmount).toBeGreaterThan(8 * 1024 * 1024);
  go.resolve();
  client.socket.close(1000);
  await client.closed;
  expect(read).toBe(64);
});

test("messages that nobody looks at hold nothing up: their client is still heard when it leaves", async () => {
  const left = Promise.withResolvers<unknown>();
  await using served = await serve({
    "GET /live": socket(async ({ closed }) => left.resolve(await closed)),
  });
  const client = await open(`${served.url}/live`);
  for (let at = 0; at < 64; at++) client.say(at);
  client.socket.close(3001, "bye");
  expect(await left.promise).toEqual({ code: 3001, reason: "bye" });
});

describe("who may open it", () => {
  const routes = {
    "GET /live": echo,
    "GET /shop": socket({ origins: ["https://shop.example.com"] }, () => {}),
    "GET /any": socket({ origins: "*" }, () => {}),
  };

  test("pages of its own origin, and those that are named", async () => {
    await using served = await serve(routes);
    const from = (path: string, origin: string) => open(served.url + path, { headers: { origin } });
    (await from("/live", served.url)).socket.close();
    (await from("/shop", "https://shop.example.com")).socket.close();
    (await from("/any", "https://evil.example")).socket.close();
    for (const origin of [
      "https://evil.example",
      "null",
      `http://127.0.0.1:${served.port + 1}`,
      `${served.url}.evil.example`,
      "x",
    ]) {
      await expect(from("/live", origin)).rejects.toThrow("403");
    }
    await expect(from("/shop", "https://shop.example.com.evil.example")).rejects.toThrow("403");
    await expect(from("/shop", "http://shop.example.com")).rejects.toThrow("403");
  });

  test("filters stand before it, and may add to the answer", async () => {
    const seen: number[] = [];
    const signedIn: Filter = async (request, next) => {
      if (request.headers.get("authorization") !== "ok") return new Response("no", { status: 401 });
      const answer = await next(new Request(request, { headers: [...request.headers, ["x-user", "ann"]] }));
      seen.push(answer.status);
      answer.headers.set("set-cookie", "a=1");
      return answer;
    };
    await using served = await serve(
      { "GET /live": socket(async ({ send, headers }) => send(headers["x-user"])) },
      { before: [signedIn] },
    );
    await expect(open(`${served.url}/live`)).rejects.toThrow("401");
    const upgraded = say(served.port, handshake("/live", "Authorization: ok\r\n"));
    expect(await upgraded).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n[\s\S]*set-cookie: a=1[\s\S]*"ann"/);
    expect(seen).toEqual([204]);
  });
});

test("what is no WebSocket is told so, and what is no socket stays HTTP", async () => {
  await using served = await serve({ "GET /live": echo, "GET /page": () => "page" });
  const plain = await served.fetch("/live");
  expect([plain.status, plain.headers.get("upgrade")]).toEqual([426, "websocket"]);
  expect((await served.fetch("/live", { method: "POST" })).status).toBe(405);
  await expect(open(`${served.url}/nothing`)).rejects.toThrow("404");
  await expect(open(`${served.url}/page`)).rejects.toThrow("200");
  expect(await say(served.port, handshake("/live").replace("Version: 13", "Version: 12"))).toMatch(
    /^HTTP\/1.1 4\d\d [\s\S]*sec-websocket-version: 13/i,
  );
  expect(await say(served.port, handshake("/live").replace(/Sec-WebSocket-Key: .*\r\n/, ""))).toMatch(
    /^HTTP\/1.1 400 /,
  );
  const other = "GET /page HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n";
  expect(await say(served.port, other)).toMatch(/^HTTP\/1.1 200 /);
});

test.each([
  ["a frame without a mask", [0x81, 0x01, 0x61], 1002],
  ["a reserved bit", [0xc1, 0x81, 0, 0, 0, 0, 0x61], 1002],
  ["an unknown opcode", [0x83, 0x80, 0, 0, 0, 0], 1002],
  ["a control frame in pieces", [0x09, 0x80, 0, 0, 0, 0], 1002],
  ["a control frame that is too long", [0x89, 0xfe, 0x00, 0x7e, 0, 0, 0, 0, ...Array(126).fill(0)], 1002],
  ["a continuation of nothing", [0x80, 0x80, 0, 0, 0, 0], 1002],
  ["a text that is no UTF-8", [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007],
  ["a close with half a code", [0x88, 0x81, 0, 0, 0, 0, 0x03], 1002],
  ["a close with a code that is none", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xec], 1002],
  ["a length beyond what there is", [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009],
])("%s ends it with the code for that", async (_, frame, code) => {
  await using served = await serve({ "GET /live": echo });
  const socket_ = await connect(served.port);
  socket_.write(handshake("/live"));
  socket_.write(Uint8Array.from(frame));
  const chunks: Buffer[] = [];
  for await (const chunk of socket_) chunks.push(chunk);
  const [, frames = ""] = Buffer.concat(chunks).toString("latin1").split("\r\n\r\n");
  const close = Buffer.from(frames, "latin1");
  expect([close[0], close.readUInt16BE(2)]).toEqual([0x88, code]);
});

test.each([
  ["POST /live", echo, "opened by GET"],
  ["/live", echo, "opened by GET"],
])("declared as %s it is refused", (key, given, why) => {
  expect(() => http({ [key]: given } as never)).toThrow(why);
});

test.each([
  [{ origins: ["shop.example.com"] }, "origins"],
  [{ origins: ["https://shop.example.com/"] }, "origins"],
  [{ maxMessageBytes: 0 }, "maxMessageBytes"],
  [{ form: "text" }, "form"],
  [{ input: {} }, "input"],
  [{ hears: {} }, "broadcast"],
  [{ pings: 1 }, "pings"],
])("an option that is none is refused: %j", (options, why) => {
  expect(() => socket(options as never, () => {})).toThrow(why);
});

function handshake(path: string, more = ""): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`
  );
}
