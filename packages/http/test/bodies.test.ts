import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import { route } from "../src/index.ts";
import { heard, open, say, serve } from "./serve.ts";

test("a body above the limit is 413 before it is sent, where the client asks first", async () => {
  await using web = await serve({ "POST /": ({ body }) => body ?? null }, { maxBodyBytes: 10 });
  const answer = await say(
    web.port,
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 11\r\nexpect: 100-continue\r\n\r\n",
  );
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

test("a body that is wanted is asked for with 100 Continue; one that nobody reads is not", async () => {
  await using web = await serve({
    "POST /read": ({ body }) => body,
    "POST /unread": route({ body: "stream" }, () => "no need"),
  });
  const ask = async (path: string) => {
    const socket = await open(web.port);
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n`,
    );
    const [first] = (await once(socket, "data")) as [Buffer];
    return { socket, first: first.toString() };
  };
  const read = await ask("/read");
  expect(read.first).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  read.socket.write("ok");
  expect(String((await once(read.socket, "data"))[0])).toMatch(/^HTTP\/1\.1 200 [\s\S]*"ok"$/);
  read.socket.destroy();
  const unread = await ask("/unread");
  expect(unread.first).toMatch(/^HTTP\/1\.1 200 /);
  unread.socket.destroy();
});

test("a body in chunks is cut off at the limit, and the connection ends behind the answer", async () => {
  await using web = await serve({ "POST /": ({ body }) => body ?? null }, { maxBodyBytes: 1000 });
  const socket = await open(web.port);
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n");
  socket.write(`400\r\n${"a".repeat(1024)}\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
  socket.destroy();
});

test("bytes are the body as it came, and a stream its chunks, whatever their length together", async () => {
  await using web = await serve({
    "POST /bytes": route({ body: "bytes" }, ({ body }) => createHash("sha256").update(body).digest("hex")),
    "POST /stream": route({ body: "stream" }, async ({ body }) => {
      let bytes = 0;
      for await (const chunk of body) bytes += chunk.length;
      return bytes;
    }),
  });
  const text = '{"a": 1}';
  const hash = await web.fetch("/bytes", {
    method: "POST",
    body: text,
    headers: { "content-type": "application/json" },
  });
  expect(await hash.json()).toBe(createHash("sha256").update(text).digest("hex"));
  const stream = await web.fetch("/stream", { method: "POST", body: new Uint8Array(20_000_000) });
  expect(await stream.json()).toBe(20_000_000);
});

test("memory stays while a body is read more slowly than it comes", async () => {
  let held = 0;
  await using web = await serve({
    "POST /": route({ body: "stream" }, async ({ body }) => {
      let bytes = 0;
      for await (const chunk of body) {
        bytes += chunk.length;
        held = Math.max(held, sent - bytes);
        await new Promise(setImmediate);
      }
      return bytes;
    }),
  });
  const total = 64 * 1024 * 1024;
  let sent = 0;
  const request = httpRequest({ port: web.port, method: "POST", headers: { "content-length": total } });
  const answered = once(request, "response");
  const chunk = Buffer.alloc(64 * 1024);
  while (sent < total) {
    sent += chunk.length;
    if (!request.write(chunk)) await once(request, "drain");
  }
  request.end();
  const [response] = await answered;
  response.resume();
  expect(response.statusCode).toBe(200);
  // What the kernel's buffers of both ends hold, and a little.
  expect(held).toBeLessThan(24 * 1024 * 1024);
});

test("a body cut off ends its handler, and nobody takes it for whole", async () => {
  const failed = Promise.withResolvers<unknown>();
  await using web = await serve({
    "POST /": route({ body: "stream" }, async ({ body }) => {
      try {
        for await (const _ of body);
        failed.resolve(undefined);
      } catch (error) {
        failed.resolve(error);
      }
    }),
  });
  const socket = await open(web.port);
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc");
  setTimeout(() => socket.destroy(), 30);
  expect(await failed.promise).toMatchObject({ code: "CANCELLED" });
});

test("a sender that falls silent is 408, and so is one whose body is not whole in time", async () => {
  const post = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 100\r\n\r\nabc";
  await using silent = await serve({ "POST /": ({ body }) => body ?? null }, {}, { bodySilenceMs: 80 });
  expect(await say(silent.port, post)).toMatch(/^HTTP\/1\.1 408 /);
  await using late = await serve({ "POST /": ({ body }) => body ?? null }, { timeoutMs: 150 });
  const socket = await open(late.port);
  socket.write(post);
  // A byte each time it is nearly given up.
  const drip = setInterval(() => socket.write("x"), 20);
  expect(await heard(socket)).toMatch(/^HTTP\/1\.1 408 /);
  clearInterval(drip);
});

test("a short body that nobody read leaves the connection, a long one ends it", async () => {
  await using web = await serve({ "POST /": route({ body: "stream" }, () => "unread") });
  const two = `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabcPOST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
  expect((await say(web.port, two)).match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  const socket = await open(web.port);
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000\r\n\r\nabc`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/connection: close/i);
  socket.destroy();
});
